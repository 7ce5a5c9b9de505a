import { ServiceError } from '../service-error.ts';

export interface Page<Item> {
  readonly items: Item[];
  readonly NextToken?: string | undefined;
}

/** A page of a list. The token is where the next page begins; to clients it means nothing. */
export const pageOf = <Item>(
  all: readonly Item[],
  { MaxResults = 100, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
): Page<Item> => {
  const start = NextToken === undefined ? 0 : positionIn(NextToken);
  const end = start + MaxResults;
  return {
    items: all.slice(start, end),
    NextToken: end < all.length ? Buffer.from(`next:${end}`).toString('base64url') : undefined,
  };
};

const positionIn = (token: string): number => {
  const match = /^next:(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (!match) throw new ServiceError('InvalidNextTokenException', 'The NextToken value is invalid.');
  return Number(match[1]);
};

import type { DatabaseRole, DatabaseSecret, LocalStack } from '../local-stack/deployment/index.ts';
import type { StrategyName } from './strategies.ts';

const ROOT: DatabaseRole[] = [{ role: 'root', db: 'admin' }];
const READ_WRITE: DatabaseRole[] = [{ role: 'readWrite', db: 'shop' }];

interface Setup {
  readonly strategy: 'single-user' | 'alternating-users' | 'admin-clone';
  readonly throughAdmin: boolean;
}

const SETUPS: Readonly<Record<StrategyName, Setup>> = {
  'single-user': { strategy: 'single-user', throughAdmin: false },
  'single-user through admin': { strategy: 'single-user', throughAdmin: true },
  'alternating-users': { strategy: 'alternating-users', throughAdmin: true },
  'admin-clone': { strategy: 'admin-clone', throughAdmin: false },
};

/** A secret that is rotated again and again. */
export interface Subject {
  readonly secret: DatabaseSecret;
  readonly roles: readonly DatabaseRole[];
  readonly isPair: boolean;
  /** The secret by whose power its user is changed, if not by its own. */
  readonly adminArn: string | undefined;
}

export const makeSubject = async (stack: LocalStack, name: StrategyName): Promise<Subject> => {
  const { strategy, throughAdmin } = SETUPS[name];
  const roles = throughAdmin ? READ_WRITE : ROOT;
  const secret = await stack.makeSecret({
    roles,
    masterarn: throughAdmin,
    // Long enough for the trigger to tell Secrets Manager of the end before: what retires the predecessor is not counted.
    tags: { 'docdb-rotation:strategy': strategy, 'docdb-rotation:grace': '2' },
  });
  const adminArn = throughAdmin ? stack.adminSecret.arn : undefined;
  return { secret, roles, isPair: strategy !== 'single-user', adminArn };
};

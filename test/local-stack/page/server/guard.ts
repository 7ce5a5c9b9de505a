import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

/** Only what this server sends runs, and it talks to no other. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

export const newToken = (): string => randomBytes(24).toString('base64url');

/** A name that leads to this machine all the same is a rebound one: https://en.wikipedia.org/wiki/DNS_rebinding */
export const onlyItsHost =
  (host: () => string): MiddlewareHandler =>
  async (context, next) => {
    if (context.req.header('host') !== host()) return context.text('not the host of this page', 421);
    await next();
    for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value);
    return undefined;
  };

/** The token comes in a header, which no other site's page can set: the address keeps it behind its #, so that no request has it. */
export const onlyWithToken = (token: string): MiddlewareHandler => {
  const expected = Buffer.from(`Bearer ${token}`);
  return async (context, next) => {
    const given = Buffer.from(context.req.header('authorization') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      return context.json({ message: 'open the page by the address that was printed' }, 401);
    await next();
    return undefined;
  };
};

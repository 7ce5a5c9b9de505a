import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const SESSION = 'company';

/** What `aws configure sso` writes: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html */
const CONFIG = `[profile people]
region = eu-central-1
sso_session = ${SESSION}
sso_account_id = 000000000000
sso_role_name = Operator

[sso-session ${SESSION}]
sso_region = eu-central-1
sso_start_url = https://example.awsapps.com/start
sso_registration_scopes = sso:account:access
`;

/**
 * Who has logged in by `aws sso login`: a token in the cache, and a portal that gives credentials for it.
 * https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
 *
 * @param home where the shared files are
 * @param expiresIn milliseconds from now on, of the token
 */
export const ssoPortal = async (
  home: string,
  expiresIn: number,
): Promise<AsyncDisposable & { readonly environment: NodeJS.ProcessEnv; readonly asked: string[] }> => {
  const accessToken = randomUUID();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://portal');
    asked.push(`${pathname} ${searchParams.get('role_name')} ${searchParams.get('account_id')}`);
    const isKnown = request.headers['x-amz-sso_bearer_token'] === accessToken;
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? { roleCredentials: credentials() } : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = join(home, 'sso-config');
  writeFileSync(config, CONFIG);
  writeToken(home, { accessToken, expiresAt: new Date(Date.now() + expiresIn).toISOString() });
  return {
    asked,
    environment: {
      AWS_CONFIG_FILE: config,
      AWS_ENDPOINT_URL_SSO: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** The name is made from the session's: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html */
const writeToken = (home: string, token: object): void => {
  const cache = join(home, '.aws', 'sso', 'cache');
  mkdirSync(cache, { recursive: true });
  writeFileSync(
    join(cache, `${createHash('sha1').update(SESSION).digest('hex')}.json`),
    JSON.stringify(token),
  );
};

const credentials = () => ({
  accessKeyId: 'test',
  secretAccessKey: 'test',
  sessionToken: randomUUID(),
  expiration: Date.now() + 3_600_000,
});

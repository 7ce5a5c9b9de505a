import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentDbEndpoints } from '../../../../functions/database/document-db-endpoints.ts';
import { type DocumentDbStandIn, startDocumentDb } from '../../../local-stack/document-db/index.ts';
import { newPassword } from '../../../support/in-memory-secret-store.ts';

/* The driver itself, against the stand-in. */
let server: DocumentDbStandIn;
beforeAll(async () => {
  server = await startDocumentDb({ primaryUser: { name: 'honest', password: newPassword() }, tls: true });
});
afterAll(() => server.stop());

const answers = (port: number, tls: boolean) => documentDbEndpoints.answers({ host: '127.0.0.1', port, tls });

describe('a server', () => {
  it('with a certificate that no one here trusts answers with TLS, and not without', async () => {
    expect(await answers(server.port, true)).toBe(true);
    expect(await answers(server.port, false)).toBe(false);
  });

  it('without TLS answers without, and not with it', async () => {
    const { port } = await server.openFront({ certificate: 'none' });
    expect(await answers(port, false)).toBe(true);
    expect(await answers(port, true)).toBe(false);
  });

  it('that is away answers in no way, and was told no user', async () => {
    const { port } = await server.openFront({ certificate: 'none' });
    await server.stop();
    expect(await answers(port, false)).toBe(false);
    expect(server.observed.filter(({ user }) => user !== undefined)).toEqual([]);
  });
});

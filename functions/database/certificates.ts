import { once } from 'node:events';
import { connect, createSecureContext, type DetailedPeerCertificate } from 'node:tls';
import type { Login } from '../secret/secret-value.ts';

const DAY_MS = 24 * 3600 * 1000;

const TIMEOUT_MS = 4000;

/** The certificates that servers show. */
export interface Certificates {
  /**
   * Days until the authority of the server's certificate expires. The certificate itself is renewed by AWS.
   * @returns undefined where the server shows none that could be read
   */
  daysOfAuthority(login: Login): Promise<number | undefined>;
}

/**
 * By a handshake of its own, without a credential: the driver shows no certificate. Whether it verifies is the login's to say.
 *
 * @param trusted PEM texts, read only when they are needed: no outage window waits for it
 */
export const certificates = (trusted: () => readonly string[], now: () => number): Certificates => ({
  daysOfAuthority: async ({ host, port, tls }) => {
    if (!tls) return undefined;
    const secureContext = createSecureContext({ ca: [...trusted()] });
    const socket = connect({ host, port, servername: host, secureContext, timeout: TIMEOUT_MS });
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    try {
      await once(socket, 'secureConnect');
      const ends = authoritiesOf(socket.getPeerCertificate(true));
      return ends.length === 0 ? undefined : Math.floor((Math.min(...ends) - now()) / DAY_MS);
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  },
});

/** When those above the server's own certificate expire: the root names itself as its issuer. */
const authoritiesOf = (certificate: DetailedPeerCertificate): number[] => {
  const ends: number[] = [];
  let [lower, upper] = [certificate, certificate.issuerCertificate];
  while (upper !== undefined && upper !== lower) {
    ends.push(Date.parse(upper.valid_to));
    [lower, upper] = [upper, upper.issuerCertificate];
  }
  return ends.filter((end) => !Number.isNaN(end));
};

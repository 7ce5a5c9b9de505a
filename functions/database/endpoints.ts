import type { Login } from '../secret/secret-value.ts';

/** What answers at an address, asked without a credential. */
export interface Endpoints {
  /** Whether a server of the protocol answers there, in the way that is named: with TLS or without. */
  answers(place: Pick<Login, 'host' | 'port' | 'tls'>): Promise<boolean>;
}

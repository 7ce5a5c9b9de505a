import type { Binary, Document } from 'bson';

/** Follows the login on one connection by what goes over the wire, without ever seeing a password. */
export class Login {
  #trying: string | undefined;
  #user: string | undefined;

  /** Who is logged in or, during a login, who is trying to. */
  get user(): string | undefined {
    return this.#trying ?? this.#user;
  }

  get loggedIn(): boolean {
    return this.#user !== undefined;
  }

  sent(command: string, body: Document): void {
    if (command === 'saslStart') this.#trying = scramUser(body.payload);
  }

  answered(command: string, reply: Document): void {
    if (command === 'logout') this.#user = undefined;
    if (command !== 'saslStart' && command !== 'saslContinue') return;
    if (Number(reply.ok) !== 1) this.#trying = undefined;
    else if (reply.done === true) {
      this.#user = this.#trying ?? this.#user;
      this.#trying = undefined;
    }
  }
}

// A SCRAM client's first message: n,,n=<user>,r=<nonce>. "=2C" and "=3D" stand for , and =.
const scramUser = (payload: unknown): string | undefined => {
  const text = Buffer.from((payload as Binary | undefined)?.buffer ?? []).toString('utf8');
  const user = /^n,[^,]*,n=([^,]*),/.exec(text)?.[1];
  return user?.replaceAll('=2C', ',').replaceAll('=3D', '=');
};

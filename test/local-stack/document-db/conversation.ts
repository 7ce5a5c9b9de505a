import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Document } from 'bson';
import type { Cluster, RolesInStatus } from './cluster.ts';
import { type CommandContext, type CommandOutcome, HANDSHAKE_COMMANDS } from './command-event.ts';
import { ENGINES } from './engine-version.ts';
import type { FaultAction } from './faults.ts';
import { rewriteHelloReply, rewriteHelloRequest } from './hello.ts';
import { Login } from './login.ts';
import { MessageStream } from './message-stream.ts';
import {
  AUTHORIZATION_FAILURE,
  errorDocument,
  NO_RETRYABLE_WRITES,
  NOT_WRITABLE_PRIMARY,
  type ServerError,
  UNSUPPORTED_MECHANISM,
} from './server-error.ts';
import { isUserCommand, refusalOf, targetOf } from './user-rules.ts';
import { commandName, decode, encode, replyTo, type WireMessage } from './wire-protocol.ts';
import { isWrite } from './write-commands.ts';

/** The connection ends here, on purpose. */
const CUT = Symbol('cut');

/** One client's connection to one instance, and the connection to SecantusDB that belongs to it. */
export class Conversation {
  readonly #cluster: Cluster;
  readonly #instance: number;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #requests: MessageStream;
  readonly #replies: MessageStream;
  readonly #login = new Login();
  readonly #connection: number;
  #appName: string | undefined;

  constructor(cluster: Cluster, instance: number, client: Socket) {
    this.#cluster = cluster;
    this.#instance = instance;
    this.#client = client;
    this.#connection = cluster.nextConnection();
    this.#upstream = connect({ host: '127.0.0.1', port: cluster.upstreamPort, noDelay: true });
    // Errors are read as the end of the stream; unhandled they would end the process.
    for (const socket of [this.#client, this.#upstream]) socket.on('error', () => {});
    this.#client.once('close', () => this.#upstream.destroy());
    this.#upstream.once('close', () => this.#client.destroy());
    this.#requests = new MessageStream(client);
    this.#replies = new MessageStream(this.#upstream);
  }

  /** Serves the client until one side ends the connection. */
  async run(): Promise<void> {
    try {
      await this.#serve();
    } finally {
      this.end();
    }
  }

  end(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  async #serve(): Promise<void> {
    for (;;) {
      const bytes = await this.#requests.next();
      if (!bytes) return;
      const request = decode(bytes);
      const reply = await this.#answer(request);
      if (reply === CUT) return;
      if (!request.unacknowledged) this.#client.write(encode(replyTo(request, reply)));
    }
  }

  async #answer(request: WireMessage): Promise<Document | typeof CUT> {
    const command = commandName(request);
    if (HANDSHAKE_COMMANDS.has(command)) this.#appName ??= appNameOf(request.body);
    this.#login.sent(command, request.body);
    const context = this.#context(command, request.body);
    const actions = await this.#cluster.tell({ ...context, when: 'before' });
    actions.push(...this.#cluster.faults.take(context));
    const reply = await this.#answerUnder(actions, context, request);
    if (reply !== CUT) this.#login.answered(command, reply);
    return this.#report(context, reply);
  }

  #context(command: string, body: Document): CommandContext {
    const target = targetOf(command, body);
    return {
      instance: this.#instance,
      command,
      connection: this.#connection,
      loggedIn: this.#login.loggedIn,
      ...(this.#login.user === undefined ? {} : { user: this.#login.user }),
      ...(this.#appName === undefined ? {} : { appName: this.#appName }),
      ...(target === undefined ? {} : { target }),
    };
  }

  async #report(context: CommandContext, reply: Document | typeof CUT): Promise<Document | typeof CUT> {
    const event = {
      ...context,
      loggedIn: this.#login.loggedIn,
      ...outcomeOf(reply),
      when: 'after',
    } as const;
    if (!HANDSHAKE_COMMANDS.has(context.command)) this.#cluster.observed.push(event);
    const actions = await this.#cluster.tell(event);
    for (const action of actions) {
      if (action.kind === 'delay') await sleep(action.ms);
    }
    return actions.some(({ kind }) => kind === 'cut-before' || kind === 'cut-after') ? CUT : reply;
  }

  async #answerUnder(actions: readonly FaultAction[], context: CommandContext, request: WireMessage) {
    for (const action of actions) {
      if (action.kind === 'delay' && action.when !== 'after') await sleep(action.ms);
    }
    const kinds = new Set(actions.map(({ kind }) => kind));
    if (kinds.has('hang')) await this.#requests.untilClosed();
    if (kinds.has('hang') || kinds.has('cut-before') || this.#client.destroyed) return CUT;
    const error = this.#errorFor(actions, context.command, request.body);
    const answer = error ? errorDocument(error) : await this.#forward(context.command, request);
    const reply = answer === CUT ? CUT : unconfirmed(answer, actions);
    for (const action of actions) {
      if (action.kind === 'delay' && action.when === 'after') await sleep(action.ms);
    }
    return kinds.has('cut-after') ? CUT : reply;
  }

  #errorFor(actions: readonly FaultAction[], command: string, body: Document): ServerError | undefined {
    const refused = actions.find((action) => action.kind === 'refuse');
    if (refused) return { codeName: `Location${refused.code}`, errmsg: 'refused by a fault', ...refused };
    if (actions.some(({ kind }) => kind === 'fail-over')) return NOT_WRITABLE_PRIMARY;
    const { primary, readOnly } = this.#cluster;
    if (isWrite(command) && (readOnly || this.#instance !== primary)) return NOT_WRITABLE_PRIMARY;
    if (command === 'saslStart') return this.#mechanismError(body);
    if (body.txnNumber !== undefined) return NO_RETRYABLE_WRITES;
    return this.#login.loggedIn ? refusalOf(command, body, this.#cluster.primaryUser) : undefined;
  }

  #mechanismError(body: Document): ServerError | undefined {
    const { mechanisms } = ENGINES[this.#cluster.engineVersion];
    if ((mechanisms as readonly unknown[]).includes(body.mechanism)) return undefined;
    return UNSUPPORTED_MECHANISM;
  }

  async #forward(command: string, request: WireMessage): Promise<Document | typeof CUT> {
    this.#upstream.write(encode(this.#rewriteRequest(command, request)));
    if (request.unacknowledged) return { ok: 1 };
    const bytes = await this.#replies.next();
    return bytes ? this.#rewriteReply(command, decode(bytes).body) : CUT;
  }

  #rewriteRequest(command: string, request: WireMessage): WireMessage {
    let { body } = request;
    if (HANDSHAKE_COMMANDS.has(command)) body = rewriteHelloRequest(body);
    // Tells secantus-server.py as which instance to look the user up.
    if (command.startsWith('sasl')) body = { ...body, documentDbInstance: this.#instance };
    // Users belong to the admin database, wherever the command is sent:
    // https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html
    if (isUserCommand(command) && request.form === 'msg') body = { ...body, $db: 'admin' };
    if (command === 'createUser' && body.mechanisms === undefined) {
      body = { ...body, mechanisms: [...ENGINES[this.#cluster.engineVersion].mechanisms] };
    }
    return { ...request, body };
  }

  #rewriteReply(command: string, reply: Document): Document {
    if (Number(reply.code) === AUTHORIZATION_FAILURE.code) return errorDocument(AUTHORIZATION_FAILURE);
    const { engineVersion, hosts, readOnly } = this.#cluster;
    if (HANDSHAKE_COMMANDS.has(command)) {
      const me = hosts[this.#instance] ?? '';
      const primary = readOnly ? undefined : hosts[this.#cluster.primary];
      return rewriteHelloReply(reply, { engineVersion, hosts, me, primary });
    }
    if (command === 'connectionStatus') return withRoles(reply, this.#cluster.rolesInStatus);
    if (command !== 'buildInfo' && command !== 'buildinfo') return reply;
    const version = ENGINES[engineVersion].serverVersion;
    return { ...reply, version, versionArray: [...version.split('.').map(Number), 0] };
  }
}

const withRoles = (reply: Document, roles: RolesInStatus): Document => {
  if (roles === 'told' || reply.authInfo === undefined) return reply;
  const { authenticatedUserRoles: _, ...authInfo } = reply.authInfo;
  return { ...reply, authInfo: roles === 'empty' ? { ...authInfo, authenticatedUserRoles: [] } : authInfo };
};

const unconfirmed = (reply: Document, actions: readonly FaultAction[]): Document => {
  const fault = actions.find((action) => action.kind === 'write-concern-error');
  if (!fault) return reply;
  return { ...reply, writeConcernError: { code: fault.code, errmsg: 'not confirmed, by a fault' } };
};

const appNameOf = (hello: Document): string | undefined => {
  const name: unknown = hello.client?.application?.name;
  return typeof name === 'string' ? name : undefined;
};

const outcomeOf = (reply: Document | typeof CUT): CommandOutcome => {
  if (reply === CUT) return { outcome: 'cut' };
  if (Number(reply.ok) === 1) return { outcome: 'ok' };
  return { outcome: 'error', ...(reply.code === undefined ? {} : { code: Number(reply.code) }) };
};

import type { Right } from './rights.ts';

/** The mode that goes back to what was there before. */
export const REVERT = 'revert';

// A type, not an interface: the keys of a value, too.
export type Credential = { readonly username: string; readonly password: string };

/** How an execution ended. */
export interface End {
  readonly status?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

type Soon<T> = T | Promise<T>;
type Keys = Readonly<Record<string, unknown>>;

/** What someone does in the middle of an execution. */
export type Act = () => unknown;

/** Where an attack takes place: in memory, or on the deployed stack. Each refuses what the rights do not permit. */
export interface AnyArena {
  readonly user: string;
  readonly pairUser: string;
  /** With the power over users, and a secret of its own. */
  readonly adminUser: string;
  /** Of another application. */
  readonly otherUser: string;
  /** The attacker's own user, of little power. */
  readonly ownUser: string;
  readonly ownPassword: string;
  readonly adminSecret: string;
  readonly wasRotated: boolean;
  /** The keys of a value that lead to a server of the attacker's, which lets them in. */
  readonly evil: Keys;

  /** PutSecretValue: any keys, label and version id. */
  write(keys: Keys | string, label?: string | string[], id?: string): Soon<string>;
  /** A password of the attacker's own, with which they try to log in later. */
  mine(username?: string): Credential;
  /** GetSecretValue, of every version. */
  read(): Soon<Credential[]>;
  /** TagResource. */
  tag(key: string, value: string): Soon<void>;
  tagProven(...versions: string[]): Soon<void>;
  /** StartExecution, of each machine. */
  start(input?: object, name?: string): Promise<End>;
  retire(input: object): Promise<End>;
  recover(input?: object): Promise<End>;
  /** Another version of the functions, which does what these may do. */
  deployOwnFunctions(): Promise<void>;

  versions(): Soon<string[]>;
  /** The version that has AWSCURRENT. */
  current(): Soon<string>;
  executionArn(name: string): string;
  /** The version ids of an execution, which the one who chooses its name can compute. */
  idsOf(name: string): readonly string[];
  /** The event of an execution that ended, as someone makes it by hand. */
  eventOf(name: string): object;

  /** What honest people and schedules do, sooner or later. */
  readonly honest: {
    /** A rotation on demand; something may happen at a moment of it. */
    rotate(at?: number, act?: Act, mode?: string, name?: string): Promise<End>;
    /** By Secrets Manager's schedule. */
    scheduled(at?: number, act?: Act): Promise<End | undefined>;
    recover(input?: object): Promise<End>;
    /** Moves AWSCURRENT back to a version that was right. */
    putBack(version: string): Soon<void>;
  };
}

/** So that an attack can't claim fewer rights than it uses. */
export const refuseWithout = (rights: readonly Right[], right: Right): void => {
  if (!rights.includes(right)) throw new Error(`the attack uses the right to ${right}, and does not say so`);
};

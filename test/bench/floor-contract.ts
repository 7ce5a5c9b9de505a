/** What the floor is to rotate. */
export interface FloorRequest {
  readonly secretArn: string;
  /** Whose power changes the user; its own without one. */
  readonly adminArn: string | undefined;
  /** Whether the other user of the pair is changed, and not the one that logs in now. */
  readonly isPair: boolean;
}

export interface FloorCounts {
  readonly secretsManagerCalls: number;
  readonly logins: number;
  readonly databaseCommands: number;
}

export type FloorAnswer =
  | { readonly seconds: number; readonly counts: FloorCounts }
  | { readonly error: string };

/** Where the stand-ins are: the environment of the process. */
export interface FloorPlace {
  readonly SECRETS_MANAGER_URL: string;
  readonly REGION: string;
  readonly CA_FILE: string;
}

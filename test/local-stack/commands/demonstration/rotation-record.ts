/** What one rotation came to. */
export interface RotationRecord {
  readonly name: string;
  readonly mode: string;
  readonly strategy: string;
  /** How the execution ended. */
  readonly status: string;
  /** By which it failed, as an operator reads it; null where it succeeded. */
  readonly error: string | null;
  readonly cause: string | null;
  readonly seconds: number;
  /** The states that it went through, those of the retirement after those of the rotation. */
  readonly states: readonly string[];
  readonly currentLogsIn: boolean;
  readonly previousLogsIn: boolean;
  /** Whether every label is on the version that had it before. */
  readonly labelsAsBefore: boolean;
  /** What became of the user that was replaced; null where none was retired. */
  readonly retired: string | null;
  /** How often a client logged in with AWSCURRENT meanwhile; null where none did. */
  readonly logins: number | null;
  readonly loginFailures: number | null;
}

/** A rotation, and what is wrong with it. */
export interface Verdict {
  readonly record: RotationRecord;
  /** Nothing, if every check held. */
  readonly problems: readonly string[];
}

/** What the shell gets. The page README.md beside this file has the table. */
export const EXIT = {
  /** Done as asked. */
  done: 0,
  /** The command could not do it: no credentials, no such stack or secret, AWS refused. */
  failed: 1,
  /** Options that make no sense, or a question where no one can be asked. */
  usage: 2,
  /** The execution failed, and the credential is what it was; or something was found that keeps a rotation from succeeding. */
  unchanged: 3,
  /** AWSCURRENT may not log in: manual action is required, or a recovery has it in hand. */
  broken: 4,
  /** Ctrl-C. What was started goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

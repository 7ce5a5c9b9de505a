/** A breakage made on purpose. Some test must notice it. */
export interface Mutant {
  /** The rule of the design that it breaks. */
  readonly breaks: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Files of test/unit that must notice. */
  readonly tests: readonly string[];
}

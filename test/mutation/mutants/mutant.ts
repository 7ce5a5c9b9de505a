/** A breakage made on purpose. Some test must notice it. */
export interface Mutant {
  /** The rule of the design that it breaks. */
  readonly breaks: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Files of test/ that must notice. */
  readonly tests: readonly string[];
  /** Part of the names of those tests that notice: where the whole file takes long, no others run. */
  readonly only?: string;
}

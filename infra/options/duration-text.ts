import { type Duration, Tokenization } from 'aws-cdk-lib';

/** Seconds as text, also where the number is known only at deployment. */
export const durationText = (duration: Duration): string =>
  Tokenization.stringifyNumber(duration.toSeconds());

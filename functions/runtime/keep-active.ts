/**
 * What a rule sends every function each day, and FinishSecret as soon as a rotation begins: it has started then before it is needed. Lambda takes the network from a function that was idle for weeks, as those
 * of compensation are: it refuses the next call then, and needs a minute or two to make the function active again.
 * https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */
export const isKeepActive = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'keepActive' in event && event.keepActive === true;

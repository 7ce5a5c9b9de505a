/** Attacks that do not run on the deployed stack, by their names, and why. A test holds this to the list of attacks. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'functions of my own':
    'Whoever deploys functions has all that these may do, by the meaning of the right: there is no control that a stack could show.',
};

const SLOW =
  'No version is left but ones without TLS, to a port that speaks nothing else: each try ends by the driver’s time-out, and the recovery’s retries took longer than two minutes.';

/** It begins with what a revert goes by, so that there is no moment in a rotation that is the stack's own. */
const REFUSED_AT_ONCE =
  'The revert is refused by its first look at the database, so that the later moments never come; in memory the moment is any call.';

/** Attacks that do not run on the deployed stack, by their names, and why. A test holds this to the list of attacks. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'functions of my own':
    'The one who deploys functions has all that these may do, by the meaning of the right: there is no control that a stack could show.',
  'my own user of the pair’s name as AWSPREVIOUS, behind a value that does not log in until a moment of the revert':
    REFUSED_AT_ONCE,
  'one without TLS as AWSCURRENT and AWSPREVIOUS, then a revert': SLOW,
  'one without TLS as AWSCURRENT and AWSPREVIOUS, then a rotation': SLOW,
  "one without TLS twice, then an operator's resetThroughAdmin": SLOW,
  "one without TLS twice, then an operator's resetThroughCluster": SLOW,
  'one without TLS twice, and resetThroughAdmin': SLOW,
  'one without TLS twice, and resetThroughCluster': SLOW,
};

const SLOW =
  'No version is left but ones without TLS, to a port that speaks nothing else: each try ends by the driver’s time-out, and the recovery’s retries took longer than two minutes.';

/** Attacks that do not run on the deployed stack, by their names, and why. A test holds this to the list of attacks. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'functions of my own':
    'Whoever deploys functions has all that these may do, by the meaning of the right: there is no control that a stack could show.',
  'one without TLS as AWSCURRENT and AWSPREVIOUS, then a way back': SLOW,
  'one without TLS as AWSCURRENT and AWSPREVIOUS, then a rotation': SLOW,
  "one without TLS twice, then an operator's resetThroughAdmin": SLOW,
  "one without TLS twice, then an operator's resetThroughCluster": SLOW,
  'one without TLS twice, and resetThroughAdmin': SLOW,
  'one without TLS twice, and resetThroughCluster': SLOW,
};

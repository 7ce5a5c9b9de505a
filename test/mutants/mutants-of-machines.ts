import type { Mutant } from './mutant.ts';

const ROTATION = 'statemachine/rotation.asl.yaml';

/** Breakages of the state machines. */
export const MUTANTS_OF_MACHINES: readonly Mutant[] = [
  {
    breaks: 'Any failure after SetSecret goes the way back, which restores the password (invariant 2).',
    file: ROTATION,
    find: 'Condition: "{% $databaseTouched %}"\n        Next: RestoreCredential',
    replace: 'Condition: "{% $databaseTouched %}"\n        Next: RestoreLabels',
    tests: ['rotation-machine.test.ts', 'crash-matrix.test.ts'],
  },
  {
    breaks:
      'A pair’s AWSCURRENT goes back to the old user before the new one is taken out of use (invariant 5).',
    file: ROTATION,
    find: 'Next: GiveBackCurrent',
    replace: 'Next: RestoreCredential',
    tests: ['crash-matrix.test.ts'],
  },
  {
    breaks: 'A SetSecret that failed may have changed the database all the same (invariant 7).',
    file: ROTATION,
    find: 'failure: "{% $states.errorOutput %}", databaseTouched: true',
    replace: 'failure: "{% $states.errorOutput %}"',
    tests: ['crash-matrix.test.ts'],
  },
  {
    breaks: 'The pending credential is tested before it is promoted.',
    file: ROTATION,
    find: 'Next: TestSecret\n\n  TestSecret:',
    replace: 'Next: FinishSecret\n\n  TestSecret:',
    tests: ['rotation-machine.test.ts', 'state-machine.test.ts'],
  },
  {
    breaks: 'The way forward is bounded.',
    file: ROTATION,
    find: '$'.concat('millis() - $startedAt < $', '{ForwardBudgetSeconds} * 1000'),
    replace: 'true',
    tests: ['rotation-machine.test.ts'],
  },
  {
    breaks: 'What is restored is checked: AWSCURRENT logs in on every instance (invariant 2).',
    file: ROTATION,
    find: 'Next: CheckRestored',
    replace: 'Next: Refused',
    tests: ['state-machine.test.ts', 'rotation-machine.test.ts'],
  },
  {
    breaks: 'A way back that can’t go on tells the operators.',
    file: ROTATION,
    find: 'failedState: RestoreCredential, failure: "{% $states.errorOutput %}" }\n        Output: {}\n        Next: RememberRestoringFailure',
    replace:
      'failedState: RestoreCredential, failure: "{% $states.errorOutput %}" }\n        Output: {}\n        Next: RollbackFailed',
    tests: ['rotation-machine.test.ts'],
  },
  {
    breaks: 'A recovery that starts by itself resets no password.',
    file: ROTATION,
    find: 'resetThroughCluster: false\n',
    replace: 'resetThroughCluster: true\n',
    tests: ['reset-through-cluster.test.ts'],
  },
  {
    breaks: 'The wait for a reset is bounded.',
    file: ROTATION,
    find: '$'.concat('resets < 30'),
    replace: 'true',
    tests: ['reset-through-cluster.test.ts'],
  },
  {
    breaks: 'A stopped rotation is recovered, known by its own token.',
    file: ROTATION,
    find: "$hash($states.input.executionArn, 'SHA-256')",
    replace: "$hash($states.context.Execution.Id, 'SHA-256')",
    tests: ['crash-matrix.test.ts'],
  },
  {
    breaks: 'Whoever stops a recover means it; a stopped rotation is recovered.',
    file: ROTATION,
    find: ".mode in ['verify', 'recover'])",
    replace: ".mode in ['verify', 'recover', 'rollback'])",
    tests: ['state-machine.test.ts'],
  },
  {
    breaks: 'A recovery follows only what was cut off, whatever the event left out.',
    file: ROTATION,
    find: '$wasRotation and $wasCutOff',
    replace: '$wasRotation',
    tests: ['state-machine.test.ts'],
  },
  {
    breaks: 'A recovery that starts by itself clears the remains of the stopped rotation, and of no other.',
    file: ROTATION,
    find: '$parse($states.result.Input).token : $token',
    replace: "$parse($states.result.Input).token : 'another'",
    tests: ['crash-matrix.test.ts'],
  },
  {
    breaks: 'An unknown mode or key fails at once.',
    file: ROTATION,
    find: "'resetThroughCluster'])]) > 0",
    replace: "'resetThroughCluster'])]) > 99",
    tests: ['state-machine.test.ts'],
  },
  {
    breaks: 'A predecessor that is to be kept is kept.',
    file: ROTATION,
    find: "$plan.strategy != 'single-user' and $plan.predecessor != 'keep'",
    replace: "$plan.strategy != 'single-user'",
    tests: ['rotation-machine.test.ts'],
  },
  {
    breaks: 'A retirement waits for the grace period.',
    file: 'statemachine/retirement.asl.yaml',
    find: 'Default: WaitForGrace',
    replace: 'Default: RetireUser',
    tests: ['state-machine.test.ts', 'rotation-machine.test.ts'],
  },
  {
    breaks: 'The way back waits for a function that Lambda has to make ready (invariant 2).',
    file: ROTATION,
    find: '      - AdminSecretUnavailableError\n      - Lambda.CodeArtifactUserPendingException\n',
    replace: '      - AdminSecretUnavailableError\n',
    tests: ['functions-not-ready.test.ts', 'state-machine.test.ts'],
  },
  {
    breaks: 'So does the way forward.',
    file: ROTATION,
    find: '    ErrorEquals:\n      - Lambda.CodeArtifactUserPendingException\n',
    replace: '    ErrorEquals:\n',
    tests: ['functions-not-ready.test.ts'],
  },
];

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, longest first: no worker still has one when the others have nothing left to do. Those with a stack
 * wait, the others compute, so that they leave each other room; vitest itself would take one project after the other.
 */
export const LONGEST: readonly string[] = [
  'test/security/power-on-the-stack.test.ts',
  'test/security/confused-deputy.test.ts',
  'test/security/together.test.ts',
  'test/e2e/rotations/together.test.ts',
  'test/security/undocumented.test.ts',
  'test/e2e/permissions/permissions.test.ts',
  'test/people/people-on-the-stack.test.ts',
  'test/chaos/in-memory/crash-matrix-recovery.test.ts',
  'test/security/written-nowhere.test.ts',
  'test/e2e/commands/drill.test.ts',
  'test/account/account-kit.test.ts',
  'test/e2e/commands/commands.test.ts',
  'test/chaos/in-memory/crash-matrix-compensation.test.ts',
  'test/e2e/rotations/people-and-executions.test.ts',
  'test/local-stack/commands/stack.test.ts',
  'test/chaos/in-memory/crash-matrix.test.ts',
  'test/security/twentieth-look.unit.test.ts',
  'test/e2e/rotations/faults.test.ts',
  'test/e2e/rotations/bad-input.test.ts',
  'test/e2e/package/plain-template.test.ts',
  'test/e2e/rotations/check.test.ts',
  'test/e2e/rotations/rotation.test.ts',
  'test/local-stack/page/page.test.ts',
  'test/e2e/alarms/alarms.test.ts',
  'test/e2e/alarms/network.test.ts',
  'test/e2e/package/together.test.ts',
  'test/e2e/package/package.test.ts',
  'test/security/hostile-front.test.ts',
  'test/e2e/rotations/deployment.test.ts',
  'test/e2e/rotations/pairs.test.ts',
  'test/security/twenty-first-look.unit.test.ts',
  'test/security/sixth-look.unit.test.ts',
  'test/chaos/in-memory/crash-matrix-two-rotations.test.ts',
  'test/e2e/rotations/outage.test.ts',
  'test/e2e/rotations/downtime.test.ts',
  'test/security/hostile-values.test.ts',
  'test/e2e/rotations/break-glass.test.ts',
  'test/local-stack/commands/start.test.ts',
  'test/e2e/package/deployed.test.ts',
  'test/security/power.unit.test.ts',
  'test/e2e/rotations/clusters.test.ts',
  'test/security/own-domain.unit.test.ts',
  'test/security/second-look.unit.test.ts',
  'test/security/fifth-look.unit.test.ts',
  'test/e2e/commands/many-secrets.test.ts',
];

export const rankOf = (file: string): number => {
  const rank = LONGEST.findIndex((path) => file.endsWith(`/${path}`));
  return rank === -1 ? LONGEST.length : rank;
};

/** Where several projects run together, of those that are not named each project's files stay together: they may share workers. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one.moduleId) - rankOf(other.moduleId));
  }
}

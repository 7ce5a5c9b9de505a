/** Everything that this project measures is in one namespace of CloudWatch. */
export const METRICS_NAMESPACE = 'DocDbRotation';

/** How executions end: each is counted under its name, for the machine that ended so. */
export type Outcome =
  | 'Rotated'
  | 'Reverted'
  | 'Verified'
  | 'Checked'
  | 'Recovered'
  | 'NothingToRecover'
  | 'RolledBack'
  | 'RollbackFailed'
  | 'RecoveryFailed'
  | 'Refused'
  | 'Superseded'
  | 'CutOff'
  | 'Stopped'
  | 'TimedOut'
  | 'Retired'
  | 'RetirementSuperseded'
  | 'RetirementFailed';

/** All that the functions write, and so all that an alarm or the dashboard can look at. */
export type MetricName =
  | Outcome
  /** It may not have started. */
  | 'RetirementUnknown'
  | 'RecoveryStarted'
  /** Of a single user, in milliseconds, by secret. */
  | 'OutageWindow'
  | 'LockWithoutExecution'
  | 'CertificateAuthorityDaysLeft'
  | 'OverdueCredentials'
  /** In days, by secret. */
  | 'CredentialAge'
  /** 0 or 1, by secret. */
  | 'CredentialOverdue';

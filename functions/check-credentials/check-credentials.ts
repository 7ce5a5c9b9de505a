import { SecretsManagerUnavailableError } from '../contract/errors.ts';
import type { MetricName } from '../contract/metrics.ts';
import { daysOfTrust, type TrustedCertificates } from './certificate-expiry.ts';

const DAY_MS = 24 * 3600 * 1000;

/** A credential may be this much older than its schedule says: a rotation window, a retry or two. */
const DAYS_OF_PATIENCE = 1;

/** What Secrets Manager tells of a secret's schedule. */
export interface Schedule {
  readonly name: string;
  readonly rotationEnabled: boolean;
  /** When the version that is AWSCURRENT was made: by any rotation, or by hand. */
  readonly currentSince: number;
  /** When a rotation of Secrets Manager's own ended. One on demand does not move it, and counts for the next date all the same. */
  readonly rotatedAt: number | undefined;
  /** Days between two rotations; undefined for a cron expression, of which only the next date is known. */
  readonly intervalDays: number | undefined;
  readonly nextRotationAt: number | undefined;
}

export interface CheckCredentialsPorts {
  schedule(secretId: string): Promise<Schedule>;
  /** @param secret only where the number is one secret's */
  record(metric: MetricName, value: number, secret?: string): void;
  readonly now: () => number;
}

export interface Checked {
  readonly overdue: readonly string[];
  /** Secrets that nothing rotates by itself, though each that is managed gets a schedule: someone took it off. */
  readonly unscheduled: readonly string[];
  /** Secrets that could not be looked at, and why. */
  readonly unknown: readonly { readonly secret: string; readonly error: string }[];
  readonly certificateAuthorityDaysLeft: number;
}

/** Measures how old each credential is, and how long the certificate authorities last. Reads no secret's value. */
export const checkCredentials = async (
  ports: CheckCredentialsPorts,
  secrets: readonly string[],
  trusted: TrustedCertificates,
  region: string,
): Promise<Checked> => {
  const days = daysOfTrust(trusted, region, ports.now());
  ports.record('CertificateAuthorityDaysLeft', days);
  const overdue: string[] = [];
  const unscheduled: string[] = [];
  const unknown: { secret: string; error: string }[] = [];
  for (const secret of secrets) {
    try {
      const schedule = await ports.schedule(secret);
      if (recordAge(ports, secret, schedule)) (schedule.rotationEnabled ? overdue : unscheduled).push(secret);
    } catch (error) {
      // It would be the same for the others, one time-out after the other.
      if (error instanceof SecretsManagerUnavailableError) throw error;
      // One secret that was deleted must not hide that the others are overdue.
      unknown.push({ secret, error: error instanceof Error ? error.name : typeof error });
    }
  }
  ports.record('OverdueCredentials', overdue.length + unscheduled.length + unknown.length);
  return { overdue, unscheduled, unknown, certificateAuthorityDaysLeft: days };
};

/** @returns whether it is an operator's business */
const recordAge = (ports: CheckCredentialsPorts, secret: string, schedule: Schedule): boolean => {
  const now = ports.now();
  const age = (now - schedule.currentSince) / DAY_MS;
  const late = !schedule.rotationEnabled || daysLate(schedule, age, now) > DAYS_OF_PATIENCE;
  ports.record('CredentialAge', Math.floor(age * 10) / 10, secret);
  ports.record('CredentialOverdue', late ? 1 : 0, secret);
  return late;
};

const daysLate = (
  { intervalDays, nextRotationAt, rotatedAt }: Schedule,
  age: number,
  now: number,
): number => {
  // A secret that is older than its schedule: the first rotation is yet to come.
  if (rotatedAt === undefined && nextRotationAt !== undefined && nextRotationAt > now) return 0;
  if (intervalDays !== undefined) return age - intervalDays;
  return nextRotationAt === undefined ? 0 : (now - nextRotationAt) / DAY_MS;
};

import { invalidParameter } from './service-error.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const SHORTEST_RATE_HOURS = 4;
const LONGEST_RATE_DAYS = 999;

export interface RotationRules {
  readonly AutomaticallyAfterDays?: number | undefined;
  readonly Duration?: string | undefined;
  readonly ScheduleExpression?: string | undefined;
}

/** When a rotation may start, and the date before which it must have. */
export interface RotationWindow {
  readonly start: Date;
  readonly end: Date;
}

interface Rate {
  readonly count: number;
  readonly unit: 'hours' | 'days';
}

/**
 * Refuses rules that Secrets Manager would refuse.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html
 * @throws ServiceError (InvalidParameterException)
 */
export const assertRules = (rules: RotationRules): void => {
  if (rules.AutomaticallyAfterDays !== undefined && rules.ScheduleExpression !== undefined) {
    throw invalidParameter('You can set AutomaticallyAfterDays or ScheduleExpression, but not both.');
  }
  if (rules.ScheduleExpression !== undefined) rateOf(rules);
  durationOf(rules);
};

/** The next window after a date, or nothing if the rules set no schedule. */
export const nextWindow = (rules: RotationRules, from: Date): RotationWindow | undefined => {
  const rate = rateOf(rules);
  if (!rate) return undefined;
  const unit = rate.unit === 'days' ? DAY : HOUR;
  // Rates in days open their window at midnight UTC, rates in hours on the hour.
  const start = Math.floor((from.getTime() + rate.count * unit) / unit) * unit;
  const length = durationOf(rules) ?? unit;
  return { start: new Date(start), end: new Date(start + length - 1000) };
};

const rateOf = ({ AutomaticallyAfterDays, ScheduleExpression }: RotationRules): Rate | undefined => {
  if (AutomaticallyAfterDays !== undefined) return { count: AutomaticallyAfterDays, unit: 'days' };
  if (ScheduleExpression === undefined) return undefined;
  const match = /^rate\((\d+) (hours?|days?)\)$/.exec(ScheduleExpression);
  if (!match) {
    throw invalidParameter(
      `the schedule ${ScheduleExpression} is not understood: the stand-in knows rate(n hours) and rate(n days)`,
    );
  }
  const rate: Rate = { count: Number(match[1]), unit: match[2]?.startsWith('hour') ? 'hours' : 'days' };
  const tooOften = rate.unit === 'hours' ? rate.count < SHORTEST_RATE_HOURS : rate.count < 1;
  const tooSeldom =
    rate.unit === 'days' ? rate.count > LONGEST_RATE_DAYS : rate.count > LONGEST_RATE_DAYS * 24;
  if (tooOften || tooSeldom) {
    throw invalidParameter(
      `The schedule ${ScheduleExpression} is invalid: rotate every ${SHORTEST_RATE_HOURS} hours at most and every ${LONGEST_RATE_DAYS} days at least.`,
    );
  }
  return rate;
};

const durationOf = ({ Duration }: RotationRules): number | undefined => {
  if (Duration === undefined) return undefined;
  const hours = Number(/^(\d{1,2})h$/.exec(Duration)?.[1]);
  if (!(hours >= 1 && hours <= 24))
    throw invalidParameter(`The Duration ${Duration} is invalid: use 1h to 24h.`);
  return hours * HOUR;
};

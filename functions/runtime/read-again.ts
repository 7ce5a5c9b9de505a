import type { Clock } from './clock.ts';

/**
 * How old an answer of Secrets Manager may be, in milliseconds. It is eventually consistent, and says nowhere for how long:
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 */
export const OLDEST_ANSWER_MS = 8000;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2000;

/**
 * Reads until the answer can be relied on, or could not be an old one any more.
 *
 * @param isSettled whether no later answer could change what the caller is going to do
 * @returns the last answer
 */
export const readUntil = async <T>(
  clock: Clock,
  read: () => Promise<T>,
  isSettled: (answer: T) => boolean,
): Promise<T> => {
  const giveUpAt = clock.now() + OLDEST_ANSWER_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    // A slow read may answer what was true when it began.
    const askedAt = clock.now();
    const answer = await read();
    if (isSettled(answer) || askedAt >= giveUpAt) return answer;
    // The last one is asked when the time is over, and no later: a refusal waits for it.
    await clock.sleep(Math.min(pause, Math.max(giveUpAt - clock.now(), 0)));
  }
};

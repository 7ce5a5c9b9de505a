import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Group } from '../question.ts';
import { CURRENT, call, OwnSecret, PENDING, PREVIOUS, toldCall } from './own-secret.ts';

const OWN = 'kit-own';

/** How often the staleness of reads is tried. */
const READS = 20;

/** What calls of Secrets Manager do to labels. */
export const labels: Group = {
  name: 'labels',
  questions: [
    {
      id: 'put-value-and-other-labels',
      question:
        'What does PutSecretValue do to AWSPENDING and own labels, of the version that loses AWSCURRENT and of another?',
      ask: async (ports) => {
        const beside = await OwnSecret.make(ports);
        await beside.put([PENDING, OWN]);
        await beside.put();
        const onAnother = await beside.labels();

        const parked = await OwnSecret.make(ports);
        await parked.move(PENDING, { to: 1 });
        await parked.move(OWN, { to: 1 });
        await parked.put();
        const onTheLoser = await parked.labels();
        return {
          seen: `on another version: AWSPENDING ${onAnother[PENDING] ?? 'gone'}, own label ${onAnother[OWN] ?? 'gone'}; on the one that lost AWSCURRENT: AWSPENDING ${onTheLoser[PENDING] ?? 'gone'}, own label ${onTheLoser[OWN] ?? 'gone'}`,
          facts: { onAnother, onTheLoser },
        };
      },
    },
    {
      id: 'move-of-current-and-other-labels',
      question:
        'What does UpdateSecretVersionStage of AWSCURRENT do to AWSPREVIOUS, AWSPENDING and own labels?',
      ask: async (ports) => {
        const secret = await OwnSecret.make(ports);
        await secret.put([PENDING]);
        await secret.move(OWN, { to: 1 });
        await secret.move(`${OWN}-2`, { to: 2 });
        await secret.move(CURRENT, { from: 1, to: 2 });
        const forth = await secret.labels();
        await secret.move(CURRENT, { from: 2, to: 1 });
        const back = await secret.labels();
        return {
          seen: `AWSPENDING ${forth[PENDING] ?? 'gone'}, AWSPREVIOUS ${forth[PREVIOUS] ?? 'none'}, own labels ${forth[OWN] ?? 'gone'} and ${forth[`${OWN}-2`] ?? 'gone'}; and back: AWSPREVIOUS ${back[PREVIOUS] ?? 'none'}`,
          facts: { forth, back },
        };
      },
    },
    {
      id: 'remove-from-no-holder',
      question: 'What is answered to RemoveFromVersionId when no version, or another one, has the label?',
      ask: async (ports) => {
        const secret = await OwnSecret.make(ports);
        await secret.put(['kit-held']);
        const none = await call(secret.move(OWN, { from: 1 }));
        const noneMoved = await call(secret.move(OWN, { from: 1, to: 2 }));
        const other = await call(secret.move('kit-held', { from: 1 }));
        const otherMoved = await call(secret.move('kit-held', { from: 1, to: 1 }));
        const withoutFrom = await call(secret.move('kit-held', { to: 1 }));
        return {
          seen: `no holder: ${toldCall(none)}, with a move ${toldCall(noneMoved)}; another holder: ${toldCall(other)}, with a move ${toldCall(otherMoved)}; a move from a holder that is not named: ${toldCall(withoutFrom)}`,
          facts: { none, noneMoved, other, otherMoved, withoutFrom, labels: await secret.labels() },
        };
      },
    },
    {
      id: 'stale-reads',
      question: 'How long does DescribeSecret show the labels of before?',
      ask: async (ports) => {
        const secret = await OwnSecret.make(ports);
        await secret.put([OWN]);
        const milliseconds: number[] = [];
        for (let round = 0; round < READS; round++) {
          const [from, to] = round % 2 === 0 ? [2, 1] : [1, 2];
          await secret.move(OWN, { from, to });
          const moved = performance.now();
          let stale = 0;
          while ((await secret.labels())[OWN] !== `v${to}` && performance.now() - moved < 30_000)
            stale = Math.round(performance.now() - moved);
          milliseconds.push(stale);
        }
        const old = milliseconds.filter((each) => each > 0);
        return {
          seen: `${old.length} of ${READS} reads right after a move were old, for at most ${Math.max(0, ...old)} ms`,
          facts: { milliseconds },
        };
      },
    },
    {
      id: 'quota-of-labels',
      question: 'Is the quota of labels one of a version or of a secret, and what is answered at it?',
      ask: async (ports) => {
        const secret = await OwnSecret.make(ports);
        await secret.put([PENDING]);
        let count = 2;
        let refused = await call(Promise.resolve());
        while (refused.ok && count < 45) {
          refused = await call(secret.move(`${OWN}-${count}`, { to: 1 }));
          if (refused.ok) count += 1;
        }
        const onAnother = await call(secret.move(`${OWN}-another`, { to: 2 }));
        const moving = await call(secret.move(CURRENT, { from: 1, to: 2 }));
        return {
          seen: `with ${count} labels one more is ${toldCall(refused)}; on another version ${toldCall(onAnother)}; a move of AWSCURRENT, which makes AWSPREVIOUS, ${toldCall(moving)}`,
          facts: { count, refused, onAnother, moving },
        };
      },
    },
    {
      id: 'same-token-again',
      question:
        'What is answered to PutSecretValue with the token of a version that exists: same value, other value?',
      ask: async (ports) => {
        const secret = await OwnSecret.make(ports);
        const put = (SecretString: string) =>
          call(
            ports.clients.secretsManager.send(
              new PutSecretValueCommand({
                SecretId: secret.arn,
                ClientRequestToken: secret.id(1),
                SecretString,
              }),
            ),
          );
        const [same, other] = [await put('[]'), await put('["other"]')];
        return {
          seen: `same value ${toldCall(same)}; other value ${toldCall(other)}`,
          facts: { same, other },
        };
      },
    },
  ],
};

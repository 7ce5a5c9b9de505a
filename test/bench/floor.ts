import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LocalStack, Undo } from '../local-stack/deployment/index.ts';
import type { FloorAnswer, FloorCounts, FloorPlace, FloorRequest } from './floor-contract.ts';
import type { Subject } from './subject.ts';

/** The baseline: the same four steps, without anything around them, in a warm process of its own. */
export class Floor {
  readonly #child: ChildProcess;
  readonly #gone: Promise<never>;

  constructor(stack: LocalStack, undo: Undo) {
    const place: FloorPlace = {
      SECRETS_MANAGER_URL: stack.secretsManagerEndpointUrl,
      REGION: stack.region,
      CA_FILE: stack.documentDb.caFile,
    };
    this.#child = fork(join(import.meta.dirname, 'floor-process.ts'), { env: { ...process.env, ...place } });
    this.#gone = once(this.#child, 'exit').then(() => {
      throw new Error("the floor's process has ended");
    });
    this.#gone.catch(() => {});
    undo.add(async () => {
      this.#child.kill();
    });
  }

  async rotate({ secret, adminArn, isPair }: Subject): Promise<{ seconds: number; counts: FloorCounts }> {
    const answered = Promise.race([once(this.#child, 'message'), this.#gone]);
    const request: FloorRequest = { secretArn: secret.arn, adminArn, isPair };
    this.#child.send(request);
    const [answer] = (await answered) as [FloorAnswer];
    if ('error' in answer) throw new Error(`the floor's rotation failed: ${answer.error}`);
    return answer;
  }
}

/** The other user of a pair, whom the project's own first rotation would make. */
export const makeOtherUser = async (stack: LocalStack, { secret, roles, isPair }: Subject): Promise<void> => {
  if (!isPair) return;
  await stack.runCommand({ createUser: `${secret.username}_clone`, pwd: crypto.randomUUID(), roles });
};

import { CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { ownNames } from '../names.ts';
import { ifInTime, type Ports } from '../ports.ts';
import { BEHAVIOUR_TAG, NOTES_TAG, type Note, Notes } from '../prober/notes.ts';
import type { Group } from '../question.ts';
import { type Called, call, OwnSecret, PENDING, toldCall } from './own-secret.ts';

const RULES = { ScheduleExpression: 'rate(30 days)' };

/** How long a function may take at Lambda, less a minute to answer in. */
const SLOW_SECONDS = 14 * 60;

/** How long retries are waited for. */
const WATCH_SECONDS = 12 * 60;

/** A secret whose rotation function does what a tag says, and notes down how it is called. */
class ScriptedSecret {
  readonly secret: OwnSecret;
  readonly #notes: OwnSecret;
  readonly #ports: Ports;

  private constructor(ports: Ports, secret: OwnSecret, notes: OwnSecret) {
    this.#ports = ports;
    this.secret = secret;
    this.#notes = notes;
  }

  static async make(ports: Ports, behaviour: string): Promise<ScriptedSecret> {
    const notes = await OwnSecret.make(ports);
    const secret = await OwnSecret.make(ports, { [BEHAVIOUR_TAG]: behaviour, [NOTES_TAG]: notes.arn });
    return new ScriptedSecret(ports, secret, notes);
  }

  rotate(
    immediately = true,
    RotationLambdaARN = this.#ports.outputs.ScriptedRotationFunctionArn,
  ): Promise<Called> {
    return call(
      this.#ports.clients.secretsManager.send(
        new RotateSecretCommand({
          SecretId: this.secret.arn,
          RotationLambdaARN,
          RotationRules: RULES,
          RotateImmediately: immediately,
        }),
      ),
    );
  }

  async notes(): Promise<Note[]> {
    const { SecretString = '[]' } = await this.#ports.clients.secretsManager.send(
      new GetSecretValueCommand({ SecretId: this.#notes.arn }),
    );
    return Notes.parse(JSON.parse(SecretString));
  }

  noted(step: string, ended: boolean, seconds: number): Promise<Note> {
    return this.#ports.until(`${step} of the rotation function`, seconds, async () =>
      (await this.notes()).find((note) => note.step === step && note.ended === ended),
    );
  }

  async state(): Promise<Record<string, unknown>> {
    const { RotationEnabled, RotationLambdaARN } = await this.#ports.clients.secretsManager.send(
      new DescribeSecretCommand({ SecretId: this.secret.arn }),
    );
    return {
      enabled: RotationEnabled ?? null,
      hasFunction: RotationLambdaARN !== undefined,
      labels: await this.secret.labels(),
    };
  }

  /** Calls as they came: tokens as t1, t2 …, times in seconds after the first. */
  async calls(): Promise<{ step: string; token: string; ended: boolean; seconds: number }[]> {
    const notes = await this.notes();
    const tokens = [...new Set(notes.map(({ token }) => token))];
    const first = notes[0]?.at ?? 0;
    return notes.map(({ step, token, at, ended }) => ({
      step,
      token: `t${tokens.indexOf(token) + 1}`,
      ended,
      seconds: Math.round((at - first) / 1000),
    }));
  }
}

/** How Secrets Manager calls a rotation function. */
export const rotationService: Group = {
  name: 'rotation-service',
  questions: [
    {
      id: 'pending-after-success',
      question: 'Does AWSPENDING go after a rotation that succeeded, and when?',
      ask: async (ports) => {
        const scripted = await ScriptedSecret.make(ports, '');
        const rotate = await scripted.rotate();
        await scripted.noted('finishSecret', true, 180);
        const finished = performance.now();
        const longest = ports.place.kind === 'local' ? 5 : 120;
        const gone = await ifInTime(
          ports.until('AWSPENDING to go', longest, async () =>
            (await scripted.secret.labels())[PENDING] === undefined
              ? performance.now() - finished
              : undefined,
          ),
        );
        return {
          seen:
            gone === undefined
              ? `it stays on the version that is AWSCURRENT, for ${longest} s at least`
              : `it is gone after ${(gone / 1000).toFixed(1)} s`,
          facts: {
            rotate,
            seconds: gone === undefined ? null : Math.round(gone / 1000),
            ...(await scripted.state()),
            calls: await scripted.calls(),
          },
        };
      },
    },
    {
      id: 'without-rotation-token',
      question: 'May the function’s own role write the version in rotation without the RotationToken?',
      ask: async (ports) => {
        const scripted = await ScriptedSecret.make(ports, 'no-rotation-token:1');
        await scripted.rotate();
        const ended = (await ifInTime(scripted.noted('createSecret', true, 60))) !== undefined;
        return {
          seen: ended ? 'yes' : 'no: createSecret did not end within 60 s',
          facts: { ended, ...(await scripted.state()), calls: await scripted.calls() },
        };
      },
      notHere: 'whether it may is an option of the stand-in, and both are tested',
    },
    {
      id: 'function-without-permission',
      question:
        'What does RotateSecret answer, and keep, with a function that Secrets Manager may not invoke?',
      ask: async (ports) => {
        const { FunctionArn } = await ports.functionNamed(ports.outputs.ProberFunctionName ?? '');
        const scripted = await ScriptedSecret.make(ports, '');
        const rotate = await scripted.rotate(true, FunctionArn);
        const state = await scripted.state();
        return { seen: `${toldCall(rotate)}; kept: ${JSON.stringify(state)}`, facts: { rotate, ...state } };
      },
    },
    {
      id: 'failed-lone-test',
      question: 'What does RotateSecret answer, and keep, when its lone test fails?',
      ask: async (ports) => {
        const scripted = await ScriptedSecret.make(ports, 'testSecret');
        const rotate = await scripted.rotate(false);
        await scripted.noted('testSecret', false, 120);
        const state = await scripted.state();
        return {
          seen: `${toldCall(rotate)}; kept: ${JSON.stringify(state)}`,
          facts: { rotate, ...state, calls: await scripted.calls() },
        };
      },
    },
    {
      id: 'failed-lone-test-in-cloudformation',
      question: 'Does a RotationSchedule of CloudFormation fail whose lone test fails?',
      beside: true,
      notHere: 'the emulator of CloudFormation knows no RotationSchedule',
      ask: async (ports) => {
        const scripted = await ScriptedSecret.make(ports, 'testSecret');
        const StackName = `${ownNames(ports.name)}-schedule`;
        await ports.clients.cloudFormation.send(
          new CreateStackCommand({
            StackName,
            TemplateBody: JSON.stringify(
              scheduleTemplate(scripted.secret.arn, ports.outputs.ScriptedRotationFunctionArn),
            ),
          }),
        );
        const stack = await ports.until('the stack to end', 900, async () => {
          const { Stacks } = await ports.clients.cloudFormation.send(
            new DescribeStacksCommand({ StackName }),
          );
          const [found] = Stacks ?? [];
          return found?.StackStatus?.endsWith('IN_PROGRESS') ? undefined : found;
        });
        const status = stack.StackStatus ?? '';
        return {
          seen: `${status}; ${stack.StackStatusReason ?? 'no reason'}`,
          facts: { status, ...(await scripted.state()), calls: await scripted.calls() },
        };
      },
    },
    {
      id: 'retries-of-a-failed-rotation',
      question:
        'How often does Secrets Manager call again after setSecret has failed, with which token and how far apart?',
      beside: true,
      notHere: 'how often it calls again is an option of the stand-in',
      ask: async (ports) => {
        const scripted = await ScriptedSecret.make(ports, 'setSecret');
        const rotate = await scripted.rotate();
        await ports.until('the end of the watch', WATCH_SECONDS + 60, after(WATCH_SECONDS));
        const calls = await scripted.calls();
        const tokens = new Set(calls.map(({ token }) => token));
        const count = calls.filter(({ step }) => step === 'setSecret').length;
        const last = Math.max(0, ...calls.map(({ seconds }) => seconds));
        return {
          seen: `in ${WATCH_SECONDS / 60} minutes setSecret was called ${count} times with ${tokens.size} tokens, the last time ${last} s after the first call`,
          facts: { rotate, ...(await scripted.state()), calls },
        };
      },
    },
    {
      id: 'slow-set-secret',
      question: 'Does Secrets Manager wait for a setSecret of 14 minutes?',
      beside: true,
      notHere: 'it takes 14 minutes; the stand-in waits as long as it takes',
      ask: async (ports) => {
        const scripted = await ScriptedSecret.make(ports, `setSecret:${SLOW_SECONDS}`);
        const rotate = await scripted.rotate();
        const end = await ifInTime(scripted.noted('finishSecret', true, SLOW_SECONDS + 120));
        const finished = end !== undefined;
        const calls = await scripted.calls();
        const starts = calls.filter(({ step, ended }) => step === 'setSecret' && !ended).length;
        return {
          seen: `${finished ? 'yes' : 'no'}: setSecret was called ${starts} times`,
          facts: { rotate, finished, ...(await scripted.state()), calls },
        };
      },
    },
  ],
};

const after = (seconds: number): (() => Promise<true | undefined>) => {
  const end = Date.now() + seconds * 1000;
  return async () => (Date.now() > end ? true : undefined);
};

const scheduleTemplate = (SecretId: string, RotationLambdaARN: string | undefined) => ({
  Resources: {
    Schedule: {
      Type: 'AWS::SecretsManager::RotationSchedule',
      Properties: { SecretId, RotationLambdaARN, RotateImmediatelyOnUpdate: false, RotationRules: RULES },
    },
  },
});

import type { Machine } from '../aws/deployed-rotation.ts';
import { quoted } from '../terminal/quoted.ts';

/** What stands for the runbook's variables in a terminal where none of them is set. */
export interface KnownNames {
  readonly secret: string | undefined;
  readonly stack: string;
  readonly machines: Readonly<Record<Machine, string>>;
  /** The command line, for the same stack. */
  readonly command: (...words: string[]) => string;
}

/** `EXECUTION=$(aws stepfunctions start-execution --state-machine-arn "$MACHINE" … --input "{…}")` */
const START =
  /(?:EXECUTION=\$\()?aws stepfunctions start-execution --state-machine-arn "\$(MACHINE|RECOVERY)"(?:\s|\\\n|--output text|--query executionArn)*--input "(\{.*?\})"\)?/g;

/**
 * The runbook's commands as they can be pasted: to start an execution is a verb of this command, and the variables that are known are filled in.
 *
 * @param text a section of the runbook
 */
export const pasteable = (text: string, names: KnownNames): string => {
  const { secret, stack, machines, command } = names;
  const values: Readonly<Record<string, string | undefined>> = {
    SECRET: secret,
    STACK: stack,
    MACHINE: machines.rotation,
    RECOVERY: machines.recovery,
    RETIREMENT: machines.retirement,
  };
  return text
    .replaceAll(START, (whole: string, machine: 'MACHINE' | 'RECOVERY', input: string) => {
      const words = secret === undefined ? undefined : verbOf(machine, input, secret);
      return words === undefined ? whole : command(...words);
    })
    .replaceAll(/"\$([A-Z]+)"/g, (whole, name) => {
      const value = values[name];
      return value === undefined ? whole : quoted(value);
    });
};

const MODES = ['verify', 'revert', 'check'];

/** @returns undefined for an input that no verb starts */
const verbOf = (machine: 'MACHINE' | 'RECOVERY', input: string, secret: string): string[] | undefined => {
  const { secretId, mode, resetThroughAdmin, resetThroughCluster, ...others } = JSON.parse(
    input.replaceAll('\\"', '"'),
  ) as Record<string, unknown>;
  if (secretId !== '$SECRET' || Object.keys(others).length > 0) return undefined;
  if (machine === 'RECOVERY') {
    const resets = [
      ...(resetThroughAdmin === true ? ['--reset-through-admin'] : []),
      ...(resetThroughCluster === true ? ['--reset-through-cluster'] : []),
    ];
    return ['recover', secret, ...resets];
  }
  if (mode === undefined) return ['rotate', secret];
  return MODES.includes(String(mode)) ? [String(mode), secret] : undefined;
};

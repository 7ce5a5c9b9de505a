import { useState } from 'preact/hooks';
import type { SecretView } from '../model.ts';
import * as api from './api.ts';

const MODES = ['rotate', 'verify', 'check', 'revert'];

interface Props {
  readonly secrets: readonly SecretView[];
  readonly started: (arn: string | undefined) => void;
  readonly act: api.Act;
}

export const StartForm = ({ secrets, started, act }: Props) => {
  const [machine, setMachine] = useState<api.StartBody['machine']>('rotation');
  const [chosen, setSecret] = useState('demo/app');
  const [mode, setMode] = useState('rotate');
  const [resetThroughAdmin, setAdmin] = useState(false);
  const [resetThroughCluster, setCluster] = useState(false);
  const [stepping, setStepping] = useState(false);
  const secretId = secrets.some(({ name }) => name === chosen) ? chosen : (secrets[0]?.name ?? chosen);
  const body = (): api.StartBody => {
    if (machine === 'rotation') return { machine, secretId, mode };
    if (machine === 'recovery') return { machine, secretId, resetThroughAdmin, resetThroughCluster };
    return { machine, secretId };
  };
  const check = (label: string, value: boolean, set: (value: boolean) => void) => (
    <label>
      <input type="checkbox" checked={value} onChange={(event) => set(event.currentTarget.checked)} /> {label}
    </label>
  );
  return (
    <form
      class="card"
      aria-label="Start an execution"
      onSubmit={(event) => {
        event.preventDefault();
        act(api.start(body(), stepping).then(started));
      }}
    >
      <h2>Start an execution</h2>
      <label>
        Machine{' '}
        <select
          value={machine}
          onChange={(event) => setMachine(event.currentTarget.value as api.StartBody['machine'])}
        >
          <option value="rotation">rotation</option>
          <option value="recovery">recovery</option>
          <option value="secrets-manager">rotation, by Secrets Manager</option>
        </select>
      </label>
      <label>
        Secret{' '}
        <select value={secretId} onChange={(event) => setSecret(event.currentTarget.value)}>
          {secrets.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {machine === 'rotation' && (
        <label>
          Mode{' '}
          <select value={mode} onChange={(event) => setMode(event.currentTarget.value)}>
            {MODES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      )}
      {machine === 'recovery' && check('reset through the admin secret', resetThroughAdmin, setAdmin)}
      {machine === 'recovery' && check('reset through the cluster', resetThroughCluster, setCluster)}
      {machine !== 'secrets-manager' && check('hold at the first function', stepping, setStepping)}
      <button type="submit" class="first">
        Start
      </button>
    </form>
  );
};

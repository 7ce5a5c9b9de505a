import { useState } from 'preact/hooks';
import type { Decision, Hold } from '../model.ts';
import * as api from './api.ts';
import { Json } from './json.tsx';
import { Icon } from './marks.tsx';

interface Props {
  readonly holds: readonly Hold[];
  readonly show: (hold: Hold) => void;
  readonly act: api.Act;
}

/** The executions that wait, told as they come to wait. */
export const Holds = ({ holds, show, act }: Props) => (
  <div aria-live="polite">
    {holds.map((hold) => (
      <OneHold key={hold.id} {...{ hold, show, act }} />
    ))}
  </div>
);

const OneHold = ({ hold, show, act }: { hold: Hold } & Pick<Props, 'show' | 'act'>) => {
  const [error, setError] = useState('ChangeRefusedError');
  const [cause, setCause] = useState('failed by hand, on the page');
  const decide = (decision: Decision) => act(api.decide(hold.id, decision));
  return (
    <section class="card held" aria-label={`Held ${hold.moment} ${hold.state}`}>
      <h2>
        <Icon shown="held" /> Held {hold.moment} the function of {hold.state}
      </h2>
      <p class="dim">
        {hold.machine}{' '}
        <button type="button" class="link" onClick={() => show(hold)}>
          {hold.arn.split(':').at(-1)}
        </button>
      </p>
      <Json label={hold.moment === 'before' ? 'What goes in' : 'What comes out'} value={hold.data} />
      <div class="buttons">
        <button type="button" class="first" onClick={() => decide({ action: 'continue' })}>
          Continue
        </button>
        <button type="button" onClick={() => decide({ action: 'step' })}>
          Step
        </button>
        <button type="button" onClick={() => decide({ action: 'lose-reply' })}>
          Lose its reply
        </button>
        <button type="button" onClick={() => decide({ action: 'stop' })}>
          Stop the execution
        </button>
      </div>
      <form
        class="buttons"
        onSubmit={(event) => {
          event.preventDefault();
          decide({ action: 'fail', error, cause });
        }}
      >
        <label>
          Error{' '}
          <input
            required
            maxLength={200}
            value={error}
            onInput={(event) => setError(event.currentTarget.value)}
          />
        </label>
        <label>
          Cause{' '}
          <input maxLength={2000} value={cause} onInput={(event) => setCause(event.currentTarget.value)} />
        </label>
        <button type="submit">Fail with it</button>
      </form>
    </section>
  );
};

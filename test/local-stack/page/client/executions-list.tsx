import type { ExecutionView } from '../model.ts';
import { Icon, shownOf, WORDS } from './marks.tsx';

interface Props {
  readonly executions: readonly ExecutionView[];
  readonly chosen: string | undefined;
  readonly choose: (execution: ExecutionView) => void;
}

/** The newest first, below the secret that they are for. */
export const ExecutionsList = ({ executions, chosen, choose }: Props) => {
  const bySecret = Map.groupBy(executions, ({ secret }) => secret);
  return (
    <section class="card" aria-label="Executions">
      <h2>Executions</h2>
      {executions.length === 0 && <p class="dim">None yet. Start one above.</p>}
      {[...bySecret].map(([secret, own]) => (
        <div key={secret}>
          <h3>{secret}</h3>
          <ul class="plain">
            {own.map((execution) => (
              <li key={execution.arn}>
                <button
                  type="button"
                  class="row"
                  aria-pressed={execution.arn === chosen}
                  onClick={() => choose(execution)}
                >
                  <Icon shown={shownOf(execution.status)} /> {execution.machine} {execution.mode}{' '}
                  <small>
                    {WORDS[shownOf(execution.status)]},{' '}
                    {new Date(execution.startedAt).toTimeString().slice(0, 8)}
                  </small>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
};

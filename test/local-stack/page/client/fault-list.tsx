import type { FaultSetting, FaultView } from '../model.ts';
import * as api from './api.ts';

const SAID: Readonly<Record<FaultSetting, string>> = { off: 'off', once: 'next time', always: 'on' };

/** What can go wrong beside the functions. */
export const FaultList = ({
  faults,
  act,
}: {
  faults: readonly FaultView[];
  act: (action: Promise<unknown>) => void;
}) => (
  <section class="card" aria-label="Faults">
    <h2>Faults</h2>
    {faults.map(({ name, what, settings, setting, hits }) => (
      <label key={name} class="fault">
        <select
          name={name}
          value={setting}
          onChange={(event) => act(api.setFault(name, event.currentTarget.value as FaultSetting))}
        >
          {settings.map((each) => (
            <option key={each} value={each}>
              {SAID[each]}
            </option>
          ))}
        </select>{' '}
        <span>
          {what}
          {hits > 0 && <strong> (struck {hits} times)</strong>}
        </span>
      </label>
    ))}
  </section>
);

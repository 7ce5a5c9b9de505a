import type { FaultSetting, FaultView } from '../model.ts';
import * as api from './api.ts';
import { useAsked } from './asked.ts';

const SAID: Readonly<Record<FaultSetting, string>> = { off: 'off', once: 'next time', always: 'on' };

/** What can go wrong beside the functions. */
export const FaultList = ({ faults, act }: { faults: readonly FaultView[]; act: api.Act }) => (
  <section class="card" aria-label="Faults">
    <h2>Faults</h2>
    {faults.map((fault) => (
      <Fault key={fault.name} {...{ fault, act }} />
    ))}
  </section>
);

const Fault = ({ fault, act }: { fault: FaultView; act: api.Act }) => {
  const { name, what, settings, setting, hits } = fault;
  // One that strikes at once is told of as off again, by its count.
  const change = `${setting} ${hits}`;
  const [shown, set] = useAsked({ told: setting, change, ask: (value) => api.setFault(name, value), act });
  return (
    <label class="fault">
      <select name={name} value={shown} onChange={(event) => set(event.currentTarget.value as FaultSetting)}>
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
  );
};

import { useEffect, useState } from 'preact/hooks';
import type { Attempt, Breakpoint, Course, MachineView, Visit } from '../model.ts';
import { MOMENTS } from '../model.ts';
import * as api from './api.ts';
import { useAsked } from './asked.ts';
import { Json } from './json.tsx';
import { Icon, WORDS } from './marks.tsx';

export interface DetailsProps {
  readonly machine: MachineView;
  readonly state: string;
  readonly course: Course | undefined;
  readonly breakpoints: readonly Breakpoint[];
  readonly act: api.Act;
}

/** What there is to know of a state, and of each time that the execution was in it. */
export const StateDetails = ({ machine, state, course, breakpoints, act }: DetailsProps) => {
  const view = machine.states[state];
  const visits = (course?.visits ?? []).map((visit, index) => ({ visit, index }));
  const own = visits.filter(({ visit }) => visit.state === state).reverse();
  return (
    <section class="card" aria-label={`State ${state}`}>
      <h2>
        {state} <small>{view?.type}</small>
      </h2>
      <p>{view?.comment}</p>
      {view?.hasFunction ? (
        <fieldset>
          <legend>Hold every execution of the {machine.name}</legend>
          {MOMENTS.map((moment) => (
            <BreakpointBox
              key={`${machine.name} ${state} ${moment}`}
              breakpoint={{ machine: machine.name, state, moment }}
              isOn={breakpoints.some((each) => each.state === state && each.moment === moment)}
              act={act}
            />
          ))}
        </fieldset>
      ) : (
        <p class="dim">It calls no function of this project, so it can’t be held.</p>
      )}
      {course && own.length === 0 && <p class="dim">This execution has not come here.</p>}
      {course && own.map(({ visit, index }) => <VisitDetails key={index} {...{ visit, index, course }} />)}
    </section>
  );
};

interface BoxProps {
  readonly breakpoint: Breakpoint;
  readonly isOn: boolean;
  readonly act: api.Act;
}

const BreakpointBox = ({ breakpoint, isOn, act }: BoxProps) => {
  const [shown, set] = useAsked({ told: isOn, ask: (value) => api.setBreakpoint(breakpoint, value), act });
  return (
    <label>
      <input type="checkbox" checked={shown} onChange={(event) => set(event.currentTarget.checked)} />{' '}
      {breakpoint.moment} its function
    </label>
  );
};

const seconds = (from: number, to: number | undefined): string =>
  to === undefined ? '' : `${((to - from) / 1000).toFixed(2)} s`;

const VisitDetails = ({ visit, index, course }: { visit: Visit; index: number; course: Course }) => (
  <article class="visit">
    <h3>
      <Icon shown={visit.mark} /> {WORDS[visit.mark]}{' '}
      <small>
        {new Date(visit.enteredAt).toTimeString().slice(0, 8)} {seconds(visit.enteredAt, visit.leftAt)}
      </small>
    </h3>
    {visit.error && (
      <p>
        <strong>{visit.error}</strong>: {visit.cause}
      </p>
    )}
    <Json label="Input" value={visit.input} />
    {visit.attempts.map((attempt, number) => (
      <AttemptDetails key={number} {...{ attempt, number, of: visit.attempts.length }} />
    ))}
    {Object.keys(visit.variables).length > 0 && <Json label="Variables assigned" value={visit.variables} />}
    <Json label="Output" value={visit.output} />
    <Log {...{ visit, index, course }} />
  </article>
);

const AttemptDetails = ({ attempt, number, of }: { attempt: Attempt; number: number; of: number }) => (
  <>
    {of > 1 && <h4>{number === 0 ? 'First call' : `Retry ${number}`}</h4>}
    {attempt.error && (
      <p>
        <strong>{attempt.error}</strong> after {seconds(attempt.begunAt, attempt.endedAt)}
      </p>
    )}
    <Json label={attempt.error ? 'Cause' : 'Result of the task'} value={attempt.cause ?? attempt.output} />
  </>
);

/** What its function logged meanwhile. */
const Log = ({ visit, index, course }: { visit: Visit; index: number; course: Course }) => {
  const [lines, setLines] = useState<readonly string[]>([]);
  useEffect(() => {
    if (visit.attempts.length === 0) return;
    api.log(course.machine, course.name, index).then(setLines, () => {});
  }, [course.arn, index, visit.attempts.length, visit.leftAt]);
  return lines.length === 0 ? null : (
    <Json label="Log of its function" value={lines.map(pretty).join('\n')} />
  );
};

/** Without what every line has. */
const pretty = (line: string): string => {
  const { level, message, timestamp, service, sampling_rate, xray_trace_id, execution, ...rest } =
    JSON.parse(line);
  return `${timestamp} ${level} ${message} ${JSON.stringify(rest)}`;
};

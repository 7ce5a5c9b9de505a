import { useEffect, useMemo, useState } from 'preact/hooks';
import type {
  Course,
  ExecutionView,
  Hold,
  Login,
  MachineName,
  MachineView,
  Overview,
  Told,
} from '../model.ts';
import * as api from './api.ts';
import { CoursePanel } from './course-panel.tsx';
import { ExecutionsList } from './executions-list.tsx';
import { FaultList } from './fault-list.tsx';
import { Holds } from './holds.tsx';
import { MachinePicture } from './machine-picture.tsx';
import type { Shown } from './marks.tsx';
import { SecretPanel } from './secret-panel.tsx';
import { StartForm } from './start-form.tsx';
import { StateDetails } from './state-details.tsx';

const MINUTE_MS = 60_000;
const NOTHING: Overview = {
  executions: [],
  secrets: [],
  watched: undefined,
  breakpoints: [],
  holds: [],
  faults: [],
};

interface Chosen {
  readonly arn: string;
  readonly machine: MachineName;
}

export const App = () => {
  const [machines, setMachines] = useState<readonly MachineView[]>([]);
  const [overview, setOverview] = useState(NOTHING);
  const [courses, setCourses] = useState<Readonly<Record<string, Course>>>({});
  const [logins, setLogins] = useState<{ secret: string; all: readonly Login[] }>({ secret: '', all: [] });
  const [chosen, setChosen] = useState<Chosen>();
  const [machineName, setMachine] = useState<MachineName>('rotation');
  const [state, setState] = useState<string>();
  const [following, setFollowing] = useState(true);
  const [problem, setProblem] = useState('');

  const act: api.Act = (action) => {
    action.then(
      () => setProblem(''),
      (error: Error) => setProblem(error.message),
    );
  };
  const keep = (course: Course) => setCourses((known) => ({ ...known, [course.arn]: course }));
  const show = ({ arn, machine }: Chosen): void => {
    setChosen({ arn, machine });
    setMachine(machine);
    act(api.course(machine, arn.split(':').at(-1) ?? '').then(keep));
  };
  const hear = (told: Told): void => {
    if (told.kind === 'overview') setOverview(told.overview);
    if (told.kind === 'course') keep(told.course);
    if (told.kind === 'logins') setLogins((known) => lastMinute(known, told));
  };
  useEffect(() => {
    act(api.machines().then(setMachines));
    api.listen(hear).then(
      () => setProblem('The local stack has ended.'),
      (error: Error) => setProblem(error.message),
    );
  }, []);
  const newest = overview.executions[0];
  useEffect(() => {
    if (following && newest) show(newest);
  }, [newest?.arn, following]);

  const machine = machines.find(({ name }) => name === machineName);
  const course = chosen?.machine === machineName ? courses[chosen.arn] : undefined;
  // The picture is drawn anew where these are others, and not with each login.
  const shown = useMemo(() => course && shownStates(course, overview.holds), [course, overview.holds]);
  const breakpoints = useMemo(
    () => overview.breakpoints.filter((each) => each.machine === machineName),
    [overview.breakpoints, machineName],
  );
  const choose = (execution: ExecutionView): void => {
    setFollowing(execution.arn === newest?.arn);
    show(execution);
  };
  return (
    <>
      <header>
        <h1>docdb-rotation, on this machine</h1>
        <label>
          <input
            type="checkbox"
            checked={following}
            onChange={(event) => setFollowing(event.currentTarget.checked)}
          />{' '}
          show each new execution
        </label>
        <p role="alert">{problem}</p>
      </header>
      <main>
        <div class="column">
          <StartForm
            secrets={overview.secrets}
            act={act}
            started={(arn) => {
              if (arn) setFollowing(true);
            }}
          />
          <ExecutionsList executions={overview.executions} chosen={chosen?.arn} choose={choose} />
          <FaultList faults={overview.faults} act={act} />
        </div>
        <div class="column wide">
          <nav aria-label="Machines">
            {machines.map(({ name }) => (
              <button
                type="button"
                key={name}
                aria-pressed={name === machineName}
                onClick={() => setMachine(name)}
              >
                {name}
              </button>
            ))}
          </nav>
          {machine && (
            <MachinePicture {...{ machine, shown, breakpoints, chosen: state, choose: setState }} />
          )}
          <SecretPanel secrets={overview.secrets} watched={overview.watched} logins={logins.all} act={act} />
        </div>
        <div class="column">
          <Holds
            holds={overview.holds}
            act={act}
            show={(hold) => {
              setState(hold.state);
              show(hold);
            }}
          />
          {machine && state && machine.states[state] && (
            <StateDetails {...{ machine, state, course, breakpoints, act }} />
          )}
          {course && shown && <CoursePanel {...{ course, shown, act, choose: setState }} />}
        </div>
      </main>
    </>
  );
};

const shownStates = ({ arn, visits }: Course, holds: readonly Hold[]): ReadonlyMap<string, Shown> => {
  const shown = new Map<string, Shown>();
  for (const { state, mark } of visits) {
    // As it was entered last, so that the state of now stands last.
    shown.delete(state);
    shown.set(state, mark);
  }
  const hold = holds.find((each) => each.arn === arn);
  if (hold) shown.set(hold.state, 'held');
  return shown;
};

const lastMinute = (
  known: { secret: string; all: readonly Login[] },
  { secret, logins }: Extract<Told, { kind: 'logins' }>,
) => {
  const before = known.secret === secret ? known.all : [];
  const since = (logins.at(-1)?.at ?? 0) - MINUTE_MS;
  return { secret, all: [...before, ...logins].filter(({ at }) => at >= since) };
};

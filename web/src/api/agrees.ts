// The shapes the views count on, held to the collector's own description: a field that is renamed there, or gets another type, breaks
// the build and not the user. The views' shapes are narrower: they say what is always there.
import type * as mine from './contract';
import type * as api from './schemas';

type Plain = string | number | boolean;
type Members<T> = NonNullable<T> extends (infer One)[] ? NonNullable<One> : NonNullable<T>;

/** The names of fields that the collector does not describe, or describes with another simple type; never when there are none. */
type Wrong<Mine, Theirs> = {
  [Name in keyof Mine & string]: Name extends keyof Theirs
    ? NonNullable<Mine[Name]> extends Plain
      ? NonNullable<Theirs[Name]> extends NonNullable<Mine[Name]>
        ? never
        : Name
      : never
    : Name;
}[keyof Mine & string];

type Agrees<T extends never> = T;

export type Checked = [
  Agrees<Wrong<mine.Row, api.FleetRow>>,
  Agrees<Wrong<mine.Fleet, api.Fleet>>,
  Agrees<Wrong<mine.Crm, api.Crm>>,
  Agrees<Wrong<mine.Goal, api.ReportGoal>>,
  Agrees<Wrong<mine.Dimension, api.Dimension>>,
  Agrees<Wrong<NonNullable<mine.Crm['incident']>, NonNullable<api.OpenIncident>>>,
  Agrees<Wrong<mine.Ack, NonNullable<api.Ack>>>,
  Agrees<Wrong<mine.Fault, api.Fault>>,
  Agrees<Wrong<mine.Suppression, api.Suppression>>,
  Agrees<Wrong<mine.History, api.History>>,
  Agrees<Wrong<mine.Series, Members<api.History['series']>>>,
  Agrees<Wrong<mine.Point, Members<Members<api.History['series']>['points']>>>,
  Agrees<Wrong<mine.StateChange, Members<api.States['changes']>>>,
  Agrees<Wrong<mine.Day, Members<api.Days['days']>>>,
  Agrees<Wrong<mine.Incident, api.Incident>>,
  // What a line has more, by its type, is not described.
  Agrees<Wrong<Omit<mine.TimelineLine, 'state'>, api.TimelineLine>>,
  Agrees<Wrong<mine.Delivery, api.Delivery>>,
  Agrees<Wrong<mine.Receiver, api.Receiver>>,
  Agrees<Wrong<mine.Agent, api.Agent>>,
  Agrees<Wrong<mine.RuleInForce, api.Rule>>,
  Agrees<Wrong<mine.Rehearsal, api.Rehearsal>>,
  Agrees<Wrong<mine.Rehearsed, api.RehearsedSide>>,
  Agrees<Wrong<mine.Token, api.Token>>,
  Agrees<Wrong<mine.AuditEntry, Members<api.Audit['entries']>>>,
  Agrees<Wrong<mine.About, api.About>>,
  Agrees<Wrong<mine.Trouble, api.Trouble>>,
  Agrees<Wrong<Omit<Extract<mine.Session, { signed_in: true }>, 'signed_in'>, api.Session>>,
];

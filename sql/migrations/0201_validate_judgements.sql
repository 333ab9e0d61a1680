-- a batch can be judged again by suites that have changed since. The rows of its first judgement stand where they always stood, and
-- later ones beside them, so that nothing is overwritten; of judgements of before this migration nobody recorded the suites
create table validate.judgements (
    batch_key text not null,
    judgement integer not null,
    suites_digest text not null,
    primary key (batch_key, judgement)
);

create table validate.later_verdicts (
    batch_key text not null,
    judgement integer not null,
    suite text not null,
    expectation text not null,
    subject text not null,
    observed double,
    lo double,
    hi double,
    n bigint not null,
    bound double,
    passed boolean not null,
    detail text not null,
    at_least boolean,
    applies boolean,
    primary key (batch_key, judgement, suite, expectation, subject)
);

create table validate.later_quarantine (
    batch_key text not null,
    judgement integer not null,
    play_key text not null,
    reasons text[] not null,
    primary key (batch_key, judgement, play_key)
);

-- the last judgement of each batch that was judged more than once
create view validate.last_judgements as
select
    batch_key,
    max(judgement) as judgement
from validate.judgements
where judgement > 1
group by batch_key;

create view validate.standing_verdicts as
select
    verdicts.batch_key, verdicts.suite, verdicts.expectation, verdicts.subject, verdicts.observed, verdicts.lo, verdicts.hi, verdicts.n,
    verdicts.bound, verdicts.passed, verdicts.detail, verdicts.at_least, verdicts.applies
from validate.verdicts
anti join validate.last_judgements using (batch_key)
union all
select
    later.batch_key, later.suite, later.expectation, later.subject, later.observed, later.lo, later.hi, later.n,
    later.bound, later.passed, later.detail, later.at_least, later.applies
from validate.later_verdicts as later
semi join validate.last_judgements using (batch_key, judgement);

create view validate.standing_quarantine as
select quarantine.batch_key, quarantine.play_key, quarantine.reasons
from validate.quarantine
anti join validate.last_judgements using (batch_key)
union all
select later.batch_key, later.play_key, later.reasons
from validate.later_quarantine as later
semi join validate.last_judgements using (batch_key, judgement);

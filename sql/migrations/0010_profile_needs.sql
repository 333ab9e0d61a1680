-- what was told when and how seekers talk; history leak; anchors of every part, and at other sizes than the report's; drawings

alter table profile.seekers add column disclosed json;
alter table profile.seekers add column style json;
alter table profile.seekers add column history_leak boolean default false;
alter table profile.seekers add column leaked_by text default '';

alter table profile.contexts add column history_leak boolean default false;
alter table profile.contexts add column leaked_by text default '';

alter table profile.anchors add column signed_lo double;
alter table profile.anchors add column signed_hi double;

create table profile.sized_anchors (
    profile_key text not null,
    split text not null,
    per_stratum integer not null,
    behaviour integer not null,
    free integer not null,
    name text not null,
    value double,
    lo double,
    hi double,
    n bigint not null,
    floor double,
    floor_lo double,
    floor_hi double,
    n_floor bigint not null,
    signed_lo double,
    signed_hi double,
    reason text not null,
    primary key (profile_key, split, per_stratum, behaviour, free, name)
);

create table profile.distributions (
    profile_key text not null,
    name text not null,
    position integer not null,
    label text not null,
    n bigint not null,
    k bigint,
    primary key (profile_key, name, position)
);

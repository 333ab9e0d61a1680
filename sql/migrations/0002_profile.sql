create schema profile;

create table profile.profiles (
    profile_key text primary key,
    dataset text not null,
    dataset_digest text not null,
    version integer not null,
    licence text not null,
    has_official_split boolean not null,
    n_dialogues bigint not null
);

create table profile.splits (
    profile_key text not null,
    dialogue_id text not null,
    seeker_id text not null,
    split text not null,
    primary key (profile_key, dialogue_id)
);

create table profile.seekers (
    profile_key text not null,
    dialogue_id text not null,
    seeker_id text not null,
    split text not null,
    need json not null,
    target text,
    primary key (profile_key, dialogue_id)
);

create table profile.contexts (
    profile_key text not null,
    context_id text not null,
    dialogue_id text not null,
    turn_index integer not null,
    seeker_id text not null,
    recommender_id text,
    split text not null,
    kind text not null,
    stratum text,
    item_id text,
    need json not null,
    primary key (profile_key, context_id)
);

create table profile.anchors (
    profile_key text not null,
    split text not null,
    name text not null,
    value double,
    lo double,
    hi double,
    n bigint not null,
    floor double,
    floor_lo double,
    floor_hi double,
    n_floor bigint not null,
    reason text not null,
    primary key (profile_key, split, name)
);

create table profile.instruments (
    profile_key text not null,
    name text not null,
    digest text not null,
    fitted_on text[] not null,
    quality json not null,
    parameters json not null,
    primary key (profile_key, name)
);

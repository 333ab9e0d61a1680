-- logs without forms: what was suggested and how the seeker reacted, as it is read from the dialogues; not recorded for profiles of before

alter table profile.profiles add column has_forms boolean;

create table profile.suggestions (
    profile_key text not null,
    dialogue_id text not null,
    turn_index integer not null,
    item_id text not null,
    reaction text,
    primary key (profile_key, dialogue_id, item_id)
);

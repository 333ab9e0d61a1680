-- a study is a whole experiment for one model; each stage that is done is a row with the fields that it answered
create table optimize.studies (
    study_key text primary key,
    profile_key text not null,
    config json not null
);

create table optimize.study_stages (
    study_key text not null,
    stage text not null,
    fields json not null,
    primary key (study_key, stage)
);

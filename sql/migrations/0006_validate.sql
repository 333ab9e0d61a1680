create schema validate;

create table validate.verdicts (
    batch_key text not null,
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
    primary key (batch_key, suite, expectation, subject)
);

create table validate.quarantine (
    batch_key text not null,
    play_key text not null,
    reasons text[] not null,
    primary key (batch_key, play_key)
);

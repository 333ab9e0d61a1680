-- what was left out of the requests to a model because it does not take it; an empty `value` stands for every value
create table play.adaptations (
    adaptation_key text primary key,
    model text not null,
    parameter text not null,
    value text not null,
    instead text not null
);

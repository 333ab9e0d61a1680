-- local weights that were asked, and how they were served; `revision` and `licence` are empty where nobody says them
create table play.local_models (
    served_key text primary key,
    model text not null,
    name text not null,
    quantization text not null,
    weights_sha256 text not null,
    source text not null,
    revision text not null,
    licence text not null,
    served_by text not null,
    n_slots integer not null,
    prefix_cache boolean not null
);

-- what people were asked to label, drawn blind from humans and played dialogues, and what they said
create table play.label_rows (
    label_id text primary key,
    profile_key text not null,
    dataset text not null,
    engine text not null,
    dialogue_id text not null,
    play_key text,
    context_id text not null,
    before text not null,
    text text not null
);

-- a sheet read anew adds nothing; of one annotator's labels of a row those of the sheet read last count
create table play.human_labels (
    label_id text not null,
    annotator text not null,
    sheet_sha256 text not null,
    reaction text,
    act text,
    primary key (label_id, annotator, sheet_sha256)
);

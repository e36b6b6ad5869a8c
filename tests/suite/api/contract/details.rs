//! What a task has beside its text.

use serde_json::{Value, json};
use taskadefs::{
    api::{End, Moment, RemoteDetails, Schedule, SetDetail, TaskResource},
    error::{Kind, Result},
    ids::{ProjectId, TaskId},
};

use super::{READ, Taskade, kind, plain};
use crate::support::service::details::day;

/// A task of a project.
struct Of<'a> {
    taskade: &'a Taskade,
    project: ProjectId,
    task: TaskId,
}

impl<'a> Of<'a> {
    async fn new(taskade: &'a Taskade) -> Self {
        let project = taskade.plan("a\nb").await;
        let task = taskade.id(&project, "a").await;
        Self { taskade, project, task }
    }

    async fn set(&self, detail: SetDetail<'_>) -> Result<()> {
        self.taskade.client.set_detail(&self.project, &self.task, detail).await
    }

    async fn get(&self, resource: TaskResource) -> RemoteDetails {
        self.taskade.client.detail(READ, &self.project, &self.task, resource).await.unwrap()
    }

    async fn raw(&self, resource: TaskResource) -> Option<Value> {
        let Self { taskade, project, task } = self;
        taskade.client.task_resource(READ, project, task, resource).await.unwrap()
    }

    async fn assignees(&self) -> Vec<String> {
        let mut assignees = self.get(TaskResource::Assignees).await.assignees;
        assignees.sort();
        assignees
    }
}

pub(super) async fn a_date_is_put_replaced_and_taken_away_once(taskade: &Taskade) {
    let of = Of::new(taskade).await;
    assert_eq!(of.get(TaskResource::Date).await, RemoteDetails::default());
    assert_eq!(kind(of.set(SetDetail::Date(None)).await), Kind::Refused);
    let moment = |date: &str, time: &str| Moment {
        date: date.to_owned(),
        time: Some(time.to_owned()),
        timezone: Some("Europe/London".to_owned()),
    };
    let end = Some(End::Moment(moment("2026-12-02", "10:30")));
    let whole = Schedule { start: moment("2026-12-01", "09:00"), end };
    for date in [&day("2026-12-01"), &whole, &day("2027-01-01")] {
        of.set(SetDetail::Date(Some(date))).await.unwrap();
        assert_eq!(of.get(TaskResource::Date).await.date.as_ref(), Some(date));
    }
    let period = End::Period { period: "P1D".to_owned() };
    let period = Schedule { end: Some(period), ..day("2026-12-01") };
    assert_eq!(kind(of.set(SetDetail::Date(Some(&period))).await), Kind::Invalid);
    of.set(SetDetail::Date(None)).await.unwrap();
    assert_eq!(of.get(TaskResource::Date).await.date, None);
    assert_eq!(kind(of.set(SetDetail::Date(None)).await), Kind::Refused);
}

pub(super) async fn a_note_is_put_replaced_and_taken_away(taskade: &Taskade) {
    let of = Of::new(taskade).await;
    assert_eq!(of.get(TaskResource::Note).await, RemoteDetails::default());
    for note in ["one", "\u{1f600} *two*"] {
        of.set(SetDetail::Note(Some(&plain(note)))).await.unwrap();
        assert_eq!(of.get(TaskResource::Note).await.note.as_deref(), Some(note));
    }
    for note in ["", "two\nlines"] {
        assert_eq!(kind(of.set(SetDetail::Note(Some(&plain(note)))).await), Kind::Refused);
    }
    of.set(SetDetail::Note(None)).await.unwrap();
    assert_eq!(of.get(TaskResource::Note).await.note, None);
}

pub(super) async fn who_is_named_is_who_does_it(taskade: &Taskade) {
    let of = Of::new(taskade).await;
    assert_eq!(of.get(TaskResource::Assignees).await, RemoteDetails::default());
    let named = |handles: &[&str]| handles.iter().map(|&handle| handle.to_owned()).collect();
    // All who are to stay are named, as nobody knows whether the others do.
    for handles in [["alice", "bob"].as_slice(), &["alice", "bob", "carol"]] {
        let handles: Vec<String> = named(handles);
        for _ in 0..2 {
            of.set(SetDetail::Assign(&handles)).await.unwrap();
            assert_eq!(of.assignees().await, handles);
        }
    }
    of.set(SetDetail::Unassign("bob")).await.unwrap();
    assert_eq!(of.assignees().await, ["alice", "carol"]);
}

pub(super) async fn only_members_can_do_a_task_and_only_theirs_can_be_taken(taskade: &Taskade) {
    let of = Of::new(taskade).await;
    let handles = ["alice".to_owned(), "nobody".to_owned()];
    assert_eq!(kind(of.set(SetDetail::Assign(&handles)).await), Kind::Refused);
    assert_eq!(of.assignees().await, [""; 0]);
    assert_eq!(kind(of.set(SetDetail::Unassign("alice")).await), Kind::Refused);
}

pub(super) async fn fields_have_numbers_and_texts(taskade: &Taskade) {
    let of = Of::new(taskade).await;
    assert_eq!(of.get(TaskResource::Fields).await, RemoteDetails::default());
    for value in [json!(2.5), json!("two"), json!(0)] {
        of.set(SetDetail::Field("@inc01", Some(&value))).await.unwrap();
        let told = of.get(TaskResource::Fields).await.fields;
        assert_eq!(told, [("@inc01".to_owned(), value)]);
    }
    for value in [json!(""), json!(null), json!([1]), json!({ "a": 1 }), json!(true)] {
        let put = of.set(SetDetail::Field("@inc01", Some(&value))).await;
        assert_eq!(kind(put), Kind::Refused, "{value}");
    }
    let other = json!("x");
    assert_eq!(kind(of.set(SetDetail::Field("@none", Some(&other))).await), Kind::NotFound);
    of.set(SetDetail::Field("@f", Some(&other))).await.unwrap();
    of.set(SetDetail::Field("@inc01", None)).await.unwrap();
    assert_eq!(of.get(TaskResource::Fields).await.fields, [("@f".to_owned(), other)]);
}

pub(super) async fn details_of_what_is_not_there_are_not_found(taskade: &Taskade) {
    let of = Of::new(taskade).await;
    let none = Of { taskade, project: of.project.clone(), task: TaskId::new("none") };
    let nowhere = Of { taskade, project: ProjectId::new("none"), task: of.task.clone() };
    for gone in [none, nowhere] {
        for detail in [
            SetDetail::Date(Some(&day("2026-12-01"))),
            SetDetail::Date(None),
            SetDetail::Note(Some(&plain("n"))),
            SetDetail::Assign(&["alice".to_owned()]),
            SetDetail::Unassign("alice"),
            SetDetail::Field("@inc01", Some(&json!(1))),
        ] {
            assert_eq!(kind(gone.set(detail).await), Kind::NotFound, "{detail:?}");
        }
        let (client, project, task) = (&taskade.client, &gone.project, &gone.task);
        for resource in [TaskResource::Assignees, TaskResource::Fields] {
            let told = client.detail(READ, project, task, resource).await;
            assert_eq!(kind(told), Kind::NotFound);
        }
        // What is not set answers as what is not there does.
        for resource in [TaskResource::Date, TaskResource::Note] {
            let told = client.detail(READ, project, task, resource).await.unwrap();
            assert_eq!(told, RemoteDetails::default());
        }
    }
}

pub(super) async fn answers_about_a_task_come_as_they_are(taskade: &Taskade) {
    let of = Of::new(taskade).await;
    assert_eq!(of.raw(TaskResource::Task).await.unwrap()["id"], of.task.as_str());
    assert_eq!(of.raw(TaskResource::Date).await, None);
    assert_eq!(of.raw(TaskResource::Note).await, None);
    assert_eq!(of.raw(TaskResource::Assignees).await, Some(json!([])));
    assert_eq!(of.raw(TaskResource::Fields).await, Some(json!([])));
    of.set(SetDetail::Note(Some(&plain("n")))).await.unwrap();
    of.set(SetDetail::Date(Some(&day("2026-12-01")))).await.unwrap();
    assert_eq!(of.raw(TaskResource::Note).await.unwrap()["value"], "n");
    assert_eq!(of.raw(TaskResource::Date).await.unwrap()["start"]["date"], "2026-12-01");
}

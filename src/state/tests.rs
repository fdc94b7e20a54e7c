use super::*;
use crate::selection::{Changes, Chosen};
use crate::sources::ALL;
use bowerbird_protocol::listing::{Contents, Listing};
use bowerbird_protocol::problem::{Problem, ProblemCode};
use bowerbird_protocol::store::StoreEvent;

fn state(sources: usize) -> State {
    let sources: Vec<_> = ALL[1..=sources].iter().collect();
    State::new(&sources, Accept::default(), 1, 5)
}

fn item(path: &str) -> Item {
    Item { path: path.to_owned(), name: path.trim_matches('/').to_owned(), ..Item::default() }
}

fn root(cursor: Option<&str>) -> PageRequest {
    PageRequest { cursor: cursor.map(str::to_owned), ..PageRequest::root(0) }
}

fn page(paths: &[&str], next: &str) -> Result<Listing, Trouble> {
    let contents = paths.iter().map(|path| item(path)).collect();
    Ok(Listing::Contents(Contents { contents, next: next.to_owned(), ..Contents::default() }))
}

fn auth() -> Result<Listing, Trouble> {
    Ok(Listing::Auth { auth: AuthNeeded { redirect_url: "https://h/".to_owned(), ..AuthNeeded::default() } })
}

fn shown(state: &State) -> Vec<&str> {
    state.folder().expect("an open folder").items.iter().map(|item| item.path.as_str()).collect()
}

fn listed(state: &mut State, request: PageRequest, answer: Result<Listing, Trouble>) {
    state.apply(Event::Asked(request.clone()));
    state.apply(Event::Listed(request, answer));
}

#[test]
fn a_single_source_is_open_at_once_and_has_nowhere_to_go_back_to() {
    let mut one = state(1);
    listed(&mut one, root(None), page(&["/1/"], ""));
    assert_eq!(one.open, Some(0));
    assert!(!one.can_go_back());
    one.apply(Event::WentBack);
    assert_eq!(one.open, Some(0));

    let mut two = state(2);
    assert_eq!(two.open, None);
    two.apply(Event::Chose(1));
    assert!(two.can_go_back());
    two.apply(Event::WentBack);
    assert_eq!(two.open, None);
}

#[test]
fn pages_are_appended_once_even_when_an_answer_comes_twice() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&["a", "b"], "next"));
    let more = state.next_page().expect("a next page");
    assert_eq!(more.cursor.as_deref(), Some("next"));
    state.apply(Event::Asked(more.clone()));
    assert_eq!(state.next_page(), None, "a page on its way is not asked for again");
    state.apply(Event::Listed(more.clone(), page(&["b", "c"], "")));
    state.apply(Event::Listed(more, page(&["d"], "")));
    assert_eq!(shown(&state), ["a", "b", "c"]);
    assert_eq!(state.next_page(), None);
}

#[test]
fn an_empty_page_that_has_a_next_is_not_the_end() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&[], "next"));
    assert!(state.next_page().is_some());
}

#[test]
fn a_page_that_fails_is_asked_for_again_with_its_own_cursor() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&["a"], "next"));
    listed(&mut state, root(Some("next")), Err(Trouble::Unreachable));
    assert_eq!(shown(&state), ["a"], "what was loaded stays");
    assert_eq!(state.next_page(), Some(root(Some("next"))));
}

#[test]
fn what_the_missing_network_kept_away_is_asked_for_again() {
    let mut state = state(2);
    listed(&mut state, root(None), page(&["a"], "next"));
    listed(&mut state, root(Some("next")), Err(Trouble::Unreachable));
    listed(&mut state, PageRequest::root(1), Err(Trouble::Unreachable));
    assert_eq!(state.unreached(), [root(Some("next")), PageRequest::root(1)]);
    listed(&mut state, root(Some("next")), Err(ProblemCode::RateLimited.into()));
    assert_eq!(state.unreached(), [PageRequest::root(1)], "what failed for another reason waits for the visitor");
}

#[test]
fn a_list_that_has_changed_begins_again() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&["a"], "next"));
    let changed = Ok(Listing::Failed { error: Problem::new(ProblemCode::ListChanged) });
    listed(&mut state, root(Some("next")), changed);
    let again = state.next_page().expect("the first page");
    assert_eq!(again.cursor, None);
    listed(&mut state, again, page(&["z"], ""));
    assert_eq!(shown(&state), ["z"]);
}

#[test]
fn an_answer_for_a_folder_that_was_left_changes_nothing_seen() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&["/1/", "/2/"], ""));
    state.apply(Event::Opened(item("/1/").into()));
    let request = state.folder().map(|folder| PageRequest::first(0, &folder.path));
    let request = request.expect("an open folder");
    state.apply(Event::WentBack);
    state.apply(Event::Listed(request, page(&["x"], "")));
    assert_eq!(shown(&state), ["/1/", "/2/"]);
}

#[test]
fn a_sign_in_that_ended_badly_says_so_on_the_connect_screen() {
    let mut state = state(1);
    listed(&mut state, root(None), auth());
    state.apply(Event::SignInBegan(0, SignInStep::Away));
    state.apply(Event::SignInEnded(0, Some(ProblemCode::SignInCancelled.into())));
    listed(&mut state, root(None), auth());
    let Access::SignedOut(sign_in) = &state.shelves[0].access else { panic!("{state:?}") };
    assert_eq!(sign_in.step, SignInStep::Ready);
    assert_eq!(sign_in.trouble, Some(ProblemCode::SignInCancelled.into()));
    state.apply(Event::SignInBegan(0, SignInStep::Away));
    let Access::SignedOut(sign_in) = &state.shelves[0].access else { panic!("{state:?}") };
    assert_eq!(sign_in.trouble, None, "a new try forgets the old one's end");
}

#[test]
fn a_session_that_dies_mid_way_keeps_folders_and_choice() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&["/1/"], ""));
    state.apply(Event::Opened(item("/1/").into()));
    let inner = PageRequest::first(0, "/1/");
    listed(&mut state, inner.clone(), page(&["a"], "n"));
    choose(&mut state, "a");
    listed(&mut state, PageRequest { cursor: Some("n".to_owned()), ..inner }, auth());
    assert!(matches!(&state.shelves[0].access, Access::SignedOut(it) if it.trouble.is_some()));
    assert_eq!(state.selection.chosen().len(), 1);
    assert_eq!(state.shelves[0].trail.len(), 2);
}

#[test]
fn signing_out_forgets_what_came_from_there() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&["a"], ""));
    choose(&mut state, "a");
    state.apply(Event::SignedOut(0));
    assert!(state.selection.chosen().is_empty());
    assert_eq!(state.shelves[0].access, Access::Asking);
}

#[test]
fn the_limit_is_said_and_the_remark_passes() {
    let mut state = State::new(&[&ALL[1]], Accept::default(), 1, 2);
    for path in ["a", "b", "c"] {
        choose(&mut state, path);
    }
    assert_eq!(state.notice, Some(Notice::Full));
    assert_eq!(state.selection.chosen().len(), 2);
    choose(&mut state, "b");
    assert_eq!(state.notice, None);
}

#[test]
fn folder_names_make_the_original_path() {
    let mut state = state(1);
    listed(&mut state, root(None), page(&["/1/"], ""));
    assert_eq!(state.folder_names("a"), "/");
    state.apply(Event::Opened(Item { name: "Lisbon".to_owned(), ..item("/1/") }.into()));
    assert_eq!(state.folder_names("a"), "/Lisbon/");
}

#[test]
fn a_retry_touches_only_what_failed_and_may_yet_succeed() {
    let mut state = state(1);
    for path in ["a", "b", "c"] {
        choose(&mut state, path);
    }
    state.apply(Event::Confirmed);
    let failed = |path: &str, code| StoreEvent::Failed {
        source: "facebook".to_owned(),
        path: path.to_owned(),
        error: Problem::new(code),
    };
    state.apply(Event::Store(failed("a", ProblemCode::PhotoGone)));
    state.apply(Event::Store(failed("b", ProblemCode::PhotoIncomplete)));
    state.apply(Event::Store(StoreEvent::Stored {
        source: "facebook".to_owned(),
        path: "c".to_owned(),
        file: Box::default(),
    }));
    let storing = state.storing.as_ref().expect("storing");
    assert!(storing.has_ended() && storing.can_retry());
    assert_eq!((storing.tally().stored, storing.tally().failed), (1, 2));
    state.apply(Event::Confirmed);
    let storing = state.storing.as_ref().expect("storing");
    let ended: Vec<_> = storing.photos().iter().map(Photo::has_ended).collect();
    assert_eq!(ended, [true, false, true]);
    state.apply(Event::StoreLost(Trouble::Unreachable));
    assert_eq!(state.storing.as_ref().expect("storing").tally().failed, 2);
}

#[test]
fn progress_of_all_is_the_mean_of_each() {
    let mut state = state(1);
    choose(&mut state, "a");
    choose(&mut state, "b");
    state.apply(Event::Confirmed);
    let moving = |received| StoreEvent::Progress {
        source: "facebook".to_owned(),
        path: "a".to_owned(),
        received,
        total: Some(100),
    };
    state.apply(Event::Store(moving(50)));
    assert_eq!(state.storing.as_ref().expect("storing").tally().thousandths(), 250);
}

fn choose(state: &mut State, path: &str) {
    let item = Arc::new(item(path));
    let photo =
        Chosen { source: &ALL[1], item, folder: "/".to_owned(), id: path.to_owned(), changes: Changes::default() };
    state.apply(Event::ChoseMany(vec![photo]));
}

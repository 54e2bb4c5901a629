//! Menus that lead back to themselves, and users who forward every call in a circle.
//!
//! A circle of conditional rules (each of two users covers for the other) is sound: a call tries
//! nobody twice. A circle of `always` reaches nobody, and one of menus is a trap for the caller.

use super::super::{Fault, FaultKind};
use super::names::Names;
use crate::spec::{DirectorySpec, ForwardTo, MenuAction};

pub(super) fn check(spec: &DirectorySpec, names: &Names, faults: &mut Vec<Fault>) {
    let next = |at: usize| -> Vec<u32> {
        let to = spec.users[at].forwarding.always.as_ref().and_then(ForwardTo::user);
        to.and_then(|id| names.user_at(spec, id.as_str())).into_iter().collect()
    };
    for circle in circles(spec.users.len(), next) {
        let names = circle.iter().map(|&at| spec.users[at].login.to_string());
        let path = format!("users[{}].forwarding.always", circle[0]);
        faults.push(Fault { path, kind: FaultKind::Cycle { path: names.collect() } });
    }

    let next = |at: usize| -> Vec<u32> {
        let submenus = spec.menus[at].options.iter().filter_map(|option| match &option.action {
            MenuAction::Menu(id) => names.menu(spec, id.as_str()),
            _ => None,
        });
        submenus.collect()
    };
    for circle in circles(spec.menus.len(), next) {
        let names = circle.iter().map(|&at| spec.menus[at].id.to_string());
        let path = format!("menus[{}]", circle[0]);
        faults.push(Fault { path, kind: FaultKind::Cycle { path: names.collect() } });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnPath,
    Done,
}

/// A circle for each edge that closes one, in depth-first order; without recursion.
fn circles(count: usize, next: impl Fn(usize) -> Vec<u32>) -> Vec<Vec<usize>> {
    let mut marks = vec![Mark::New; count];
    let mut found = Vec::new();
    for start in 0..count {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::OnPath;
        let mut path = vec![(start, next(start).into_iter())];
        while let Some((at, edges)) = path.last_mut() {
            let at = *at;
            let Some(to) = edges.next().map(|to| to as usize) else {
                marks[at] = Mark::Done;
                path.pop();
                continue;
            };
            match marks[to] {
                Mark::New => {
                    marks[to] = Mark::OnPath;
                    path.push((to, next(to).into_iter()));
                }
                Mark::OnPath => {
                    let on_path = path.iter().map(|(at, _)| *at);
                    let circle = on_path.skip_while(|&at| at != to).chain([to]);
                    found.push(circle.collect());
                }
                Mark::Done => {}
            }
        }
    }
    found
}

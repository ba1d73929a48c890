//! An absent header reads as empty text, so that a rule need not ask first whether it is there.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

/// Whether it is `message.headers[…]` or `message.headers.…`.
pub(super) fn is_header(expression: &Expr) -> bool {
    let is_headers = |expr: &Expr| matches!(expr, Expr::Select(select) if select.field == "headers" && matches!(&select.operand.expr, Expr::Ident(name) if name == "message"));
    match expression {
        Expr::Select(select) => !select.test && is_headers(&select.operand.expr),
        Expr::Call(call) => {
            call.func_name == operators::INDEX && call.args.first().is_some_and(|of| is_headers(&of.expr))
        }
        _ => false,
    }
}

/// `h[k]` becomes `k in h ? h[k] : ""`.
pub(super) fn or_empty(header: Expr) -> Expr {
    let (headers, key) = match &header {
        Expr::Select(select) => (
            (*select.operand).clone(),
            node(Expr::Literal(LiteralValue::String(select.field.clone().into()))),
        ),
        Expr::Call(call) => (call.args[0].clone(), call.args[1].clone()),
        _ => return header,
    };
    let is_there = call(operators::IN, vec![key, headers]);
    call(
        operators::CONDITIONAL,
        vec![
            is_there,
            node(header),
            node(Expr::Literal(LiteralValue::String(String::new().into()))),
        ],
    )
    .expr
}

fn call(operator: &str, args: Vec<IdedExpr>) -> IdedExpr {
    node(Expr::Call(CallExpr {
        func_name: operator.to_owned(),
        target: None,
        args,
    }))
}

fn node(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}
